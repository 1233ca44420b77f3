#include "roles/sentinel/block_maker.hpp"

#include "base/try.hpp"
#include "config/parse.hpp"
#include "roles/sentinel/inputs.hpp"

#include <utility>

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

base::status block_maker::add(std::string_view key, std::string_view value) {
    if (key == "sleep" || key == "wait") return add_pause(key, trimmed(value));
    if (key == "i") return fail(errc::invalid, "a script cannot give the root key: use `safe -i -`");
    // The key may be a piece of a secret that was broken into lines: it is not repeated.
    if (key.size() != 1 || !std::string_view("wnstfbNEeda").contains(key[0]))
        return fail(errc::invalid, "the key is none of w, n, s, t, f, b, N, E, e, d, a, sleep, wait and exit (a secret must be one line)");
    return add_field(key[0], value);
}

base::status block_maker::add_field(char key, std::string_view value) {
    switch (key) {
        case 'w': add_option("-w", trimmed(value)); break;
        case 'n': add_option("-n", trimmed(value)); break;
        case 's':
            add_option("-s", value);
            value_ = value;
            break;
        case 't':
            if (!value.empty()) add_option("-t", value);
            break;
        case 'f':
            add_option("-f", trimmed(value));
            has_format_ = true;
            break;
        case 'b': add_option("-b", trimmed(value)); break;
        case 'N': add_option("-N", trimmed(value)); break;
        case 'E': add_option("-E", trimmed(value)); break;
        default: return add_flag(key, trimmed(value));
    }
    return {};
}

base::status block_maker::add_flag(char key, std::string_view value) {
    if (value == "false" || value == "no" || value == "0")
        return fail(errc::invalid, "`{}` means yes whatever its value: leave the line out", key);
    arguments_.push_back(key == 'e' ? "-e" : key == 'd' ? "-d" : "-a");
    return {};
}

base::status block_maker::add_pause(std::string_view key, std::string_view value) {
    auto const pause = config::parse_original_ms(value);
    if (!pause || pause->count() < 0) return fail(errc::invalid, "`{}` takes milliseconds", key);
    if (pause_) return fail(errc::invalid, "the block waits already");
    pause_ = pause;
    return {};
}

void block_maker::add_option(std::string_view option, std::string_view value) {
    arguments_.push_back(option);
    arguments_.push_back(value);
}

base::result<block> block_maker::finish(unsigned line) {
    auto const now = std::exchange(*this, block_maker(generation_prefix_));
    block made{line, now.pause_.value_or(std::chrono::milliseconds{0}), std::nullopt};
    if (now.pause_) {
        if (!now.arguments_.empty()) return fail(errc::invalid, "a block that waits does nothing else: make two of it");
        return made;
    }
    VSECM_TRY(ready, now.make_command());
    made.command = std::move(ready);
    return made;
}

base::result<prepared_command> block_maker::make_command() const {
    auto arguments = arguments_;
    if (!has_format_) arguments.insert(arguments.end(), {"-f", "json"});
    VSECM_TRY(asked, parse_command_line(arguments, generation_prefix_));
    if (asked.what != verb::put && asked.what != verb::remove) return fail(errc::invalid, "`w` is missing: whose secret is it?");
    if (asked.append && asked.value.from == secret_source::kind::pattern)
        return fail(errc::invalid, "`a` and a pattern: a script that is begun again would add another value, which all would be given from then on");
    // On the command line a dash is standard input; here it is a dash.
    if (asked.value.from == secret_source::kind::standard_input) asked.value = {secret_source::kind::argument, value_};
    prepared_command ready;
    if (asked.what == verb::put) {
        VSECM_TRY(value, read_secret(asked.value, asked.encrypted));
        ready.value = std::move(value);
    }
    ready.asked = std::move(asked);
    return ready;
}

}  // namespace vsecm::roles::sentinel
