// What most roles begin and end with: help, settings, log, the last sentence. Every role may include it.
#pragma once

#include "base/try.hpp"
#include "config/settings.hpp"
#include "config/variables.hpp"
#include "roles.hpp"

#include <optional>

namespace vsecm {

// For a role without arguments. None given: nothing. `--help` or `-h` prints its help, 0; anything else prints it to
// standard error, 1.
std::optional<int> answer_arguments(manual const& book, arguments args);

// All of it to standard output: 0. Or 1, with a sentence on standard error: what was asked for did not arrive.
int print_answer(std::string_view text);

// "vsecm NAME: <the sentence>" on standard error; gives the error's exit status.
int tell_failure(std::string_view name, base::error const& why);

// The log speaks as `name` from here on, first of the settings' `warnings`.
void begin_log(std::string_view name, config::log_settings const& log, std::vector<std::string> const& warnings);

// The role's settings, with the log begun.
template <class Settings>
base::result<Settings> begin_role(std::string_view name) {
    std::vector<std::string> warnings;
    VSECM_TRY(settings, Settings::load(base::environment::of_process(), warnings));
    begin_log(name, settings.log, warnings);
    return std::move(settings);
}

// A whole role without arguments: `run` gives its exit status, or why it could not begin.
int run_framed(std::string_view name, manual const& book, arguments args, base::result<int> (*run)());

// The same for a role whose arguments are the options of its manual and nothing else, with -h and --help besides.
int run_framed(std::string_view name, manual const& book, arguments args, base::result<int> (*run)(base::parsed_options const& given));

// A wait that did not come to its end: 143, stopped by a signal, where the loop it was on ended well; else the loop's own status,
// which has told what failed.
constexpr int status_of_broken_wait(int loop_status) noexcept { return loop_status == 0 ? 143 : loop_status; }

// How long to wait, as it is given to an option; nothing if the option is not. errc::invalid, naming the option.
base::result<std::optional<std::chrono::milliseconds>> duration_option(base::parsed_options const& given, int id, std::string_view name);

}  // namespace vsecm
