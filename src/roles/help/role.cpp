#include "roles/help/role.hpp"

#include "config/variables.hpp"

#include <cstdio>
#include <string>

namespace vsecm {

int run_help(arguments args) {
    if (args.size() == 1 && args[0] == "env") {
        auto const text = config::variables_help();
        std::fwrite(text.data(), 1, text.size(), stdout);
        return 0;
    }
    if (args.size() != 1) {
        std::fputs("usage: vsecm help env | vsecm help ROLE\n", stderr);
        return 1;
    }
    std::string_view const words[] = {"vsecm", args[0], "--help"};
    return run_vsecm(words);
}

}  // namespace vsecm
