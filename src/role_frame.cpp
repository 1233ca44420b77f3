#include "role_frame.hpp"

#include "api/exit_status.hpp"
#include "base/file.hpp"
#include "config/parse.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace vsecm {

std::optional<int> answer_arguments(manual const& book, arguments args) {
    if (args.empty()) return std::nullopt;
    auto const help = help_text(book);
    if (args[0] == "--help" || args[0] == "-h") return print_answer(help);
    auto const why = std::string(book.title) + ": it takes no arguments\n";  // which may be a secret: not repeated
    std::fwrite(help.data(), 1, help.size(), stderr);
    std::fwrite(why.data(), 1, why.size(), stderr);
    return api::to_int(api::exit_status::usage);
}

int print_answer(std::string_view text) {
    auto const written = base::write_all(STDOUT_FILENO, base::as_bytes(text), "standard output");
    if (written) return api::to_int(api::exit_status::done);
    std::fprintf(stderr, "vsecm: %s\n", written.error().what.c_str());
    return api::to_int(api::exit_status::usage);
}

int tell_failure(std::string_view name, base::error const& why) {
    auto const line = "vsecm " + std::string(name) + ": " + why.what + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    return api::to_int(api::exit_status_of(why.code));
}

void begin_log(std::string_view name, config::log_settings const& log, std::vector<std::string> const& warnings) {
    base::log::configure(log.level, log.format, name);
    for (auto const& sentence : warnings) base::log::warn("settings", {{"what", sentence}});
}

int run_framed(std::string_view name, manual const& book, arguments args, base::result<int> (*run)()) {
    if (auto const status = answer_arguments(book, args)) return *status;
    auto const ended = run();
    return ended ? *ended : tell_failure(name, ended.error());
}

int run_framed(std::string_view name, manual const& book, arguments args, base::result<int> (*run)(base::parsed_options const& given)) {
    if (std::ranges::contains(args, std::string_view{"--help"}) || std::ranges::contains(args, std::string_view{"-h"})) {
        constexpr std::string_view help[] = {"--help"};
        return *answer_arguments(book, help);
    }
    auto const given = base::parse_options(args, book.options);
    if (!given) return tell_failure(name, given.error());
    if (!given->words.empty()) return tell_failure(name, {base::errc::invalid, "one argument belongs to no option"});
    auto const ended = run(*given);
    return ended ? *ended : tell_failure(name, ended.error());
}

base::result<std::optional<std::chrono::milliseconds>> duration_option(base::parsed_options const& given, int id, std::string_view name) {
    if (!given.has(id)) return std::nullopt;
    auto const text = given.value(id);
    auto const duration = config::parse_duration(text);
    // The original's variables are milliseconds; whoever types 30 here means something else.
    bool const has_unit = text.find_first_not_of("0123456789") != text.npos;
    if (!duration || (!has_unit && duration->count() != 0)) return base::fail(base::errc::invalid, "{} takes a duration with its unit, like 30s or 250ms", name);
    return duration;
}

}  // namespace vsecm
