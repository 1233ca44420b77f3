#include "roles/exec/becoming.hpp"

#include "base/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace vsecm::roles::exec {
namespace {

constexpr int cannot_execute = 126;
constexpr int not_found = 127;

// "NAME" of "NAME=text".
std::string_view name_of(char const* entry) {
    std::string_view const text{entry};
    return text.substr(0, text.find('='));
}

}  // namespace

int become(std::span<std::string_view const> command, std::span<delivery::member const> variables) {
    std::vector<std::string> words(command.begin(), command.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    std::vector<base::secret_text> lines;
    for (auto const& [name, text] : variables) {
        auto& line = lines.emplace_back();
        line.reserve(name.size() + text.size() + 2);
        line.append(std::string_view(name));
        line.push_back('=');
        line.append(text.view());
        line.push_back('\0');
    }
    std::vector<char*> environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        if (!std::ranges::contains(variables, name_of(*entry), &delivery::member::name)) environment.push_back(*entry);
    for (auto& line : lines) environment.push_back(line.data());
    environment.push_back(nullptr);

    base::restore_inherited();
    ::execvpe(argv[0], argv.data(), environment.data());
    int const why = errno;
    auto const* hint = why == E2BIG ? " (an environment holds 128 KiB a variable)" : "";
    std::fprintf(stderr, "vsecm exec: %s: %s%s\n", words[0].c_str(), std::strerror(why), hint);
    return why == ENOENT ? not_found : cannot_execute;
}

}  // namespace vsecm::roles::exec
