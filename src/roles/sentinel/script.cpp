#include "roles/sentinel/script.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "config/parse.hpp"
#include "roles/sentinel/inputs.hpp"

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

namespace {

// One block while it is read: as the arguments of the command line that says the same.
struct draft {
    unsigned first_line = 0;  // 0: nothing yet
    unsigned last_line = 0;
    std::vector<std::string_view> arguments;
    std::string_view value;  // of `s`
    bool has_format = false;
    std::optional<std::chrono::milliseconds> pause;
};

class script_parser {
public:
    script_parser(std::string_view text, std::string_view generation_prefix) : rest_(text), generation_prefix_(generation_prefix) {}

    base::result<std::vector<block>> run() {
        while (!rest_.empty()) {
            auto const end = rest_.find('\n');
            auto const line = trimmed(rest_.substr(0, end));
            rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
            ++line_;
            if (line.empty() || line.starts_with('#')) continue;
            if (line == "--") {
                VSECM_TRY_OK(end_block());
                continue;
            }
            auto const colon = line.find(':');
            auto const key = trimmed(line.substr(0, colon));
            if (key == "exit") return leave(colon == line.npos ? "true" : trimmed(line.substr(colon + 1)));
            if (colon == line.npos) return bad("a line is a key, a colon and a value; or --, or exit");
            if (draft_.first_line == 0) draft_.first_line = line_;
            draft_.last_line = line_;
            VSECM_TRY_OK(read_field(key, line.substr(colon + 1)));
        }
        VSECM_TRY_OK(end_block());
        return std::move(blocks_);
    }

private:
    base::result<std::vector<block>> leave(std::string_view word) {
        if (word != "true") return bad("it is `exit` or `exit:true`");
        if (draft_.first_line != 0) return bad("`exit` stands in a block that is not finished: end the block with -- first");
        return std::move(blocks_);
    }

    base::status read_field(std::string_view key, std::string_view value) {
        if (key == "sleep" || key == "wait") return read_pause(key, trimmed(value));
        if (key == "i") return bad("a script cannot give the root key: use `safe -i -`");
        // The key may be a piece of a secret that was broken into lines: it is not repeated.
        if (key.size() != 1 || !std::string_view("wnstfbNEeda").contains(key[0]))
            return bad("the key is none of w, n, s, t, f, b, N, E, e, d, a, sleep, wait and exit (a secret must be one line)");
        switch (key[0]) {
            case 'w': add_list("-w", value); break;
            case 'n': add_list("-n", value); break;
            case 's':
                add("-s", value);
                draft_.value = value;
                break;
            case 't':
                if (!value.empty()) add("-t", value);
                break;
            case 'f':
                add("-f", trimmed(value));
                draft_.has_format = true;
                break;
            case 'b': add("-b", trimmed(value)); break;
            case 'N': add("-N", trimmed(value)); break;
            case 'E': add("-E", trimmed(value)); break;
            default: return read_flag(key, trimmed(value));
        }
        return {};
    }

    base::status read_flag(std::string_view key, std::string_view value) {
        if (value == "false" || value == "no" || value == "0") return bad(std::format("`{}` means yes whatever its value: leave the line out", key));
        draft_.arguments.push_back(key == "e" ? "-e" : key == "d" ? "-d" : "-a");
        return {};
    }

    base::status read_pause(std::string_view key, std::string_view value) {
        auto const pause = config::parse_original_ms(value);
        if (!pause || pause->count() < 0) return bad(std::format("`{}` takes milliseconds", key));
        if (draft_.pause) return bad("the block waits already");
        draft_.pause = pause;
        return {};
    }

    void add(std::string_view option, std::string_view value) {
        draft_.arguments.push_back(option);
        draft_.arguments.push_back(value);
    }

    void add_list(std::string_view option, std::string_view names) {
        for (;;) {
            auto const comma = names.find(',');
            add(option, trimmed(names.substr(0, comma)));
            if (comma == names.npos) return;
            names.remove_prefix(comma + 1);
        }
    }

    base::status end_block() {
        auto const now = std::exchange(draft_, {});
        if (now.first_line == 0) return {};
        block made{now.first_line, now.pause.value_or(std::chrono::milliseconds{0}), std::nullopt};
        if (!now.pause) {
            auto ready = command_of(now);
            if (!ready) return std::unexpected(std::move(ready).error().within(std::format("lines {} to {}", now.first_line, now.last_line)));
            made.command = *std::move(ready);
        } else if (!now.arguments.empty()) {
            return fail(errc::invalid, "lines {} to {}: a block that waits does nothing else: put -- between", now.first_line, now.last_line);
        }
        blocks_.push_back(std::move(made));
        return {};
    }

    base::result<prepared_command> command_of(draft const& now) const {
        auto arguments = now.arguments;
        if (!now.has_format) arguments.insert(arguments.end(), {"-f", "json"});
        VSECM_TRY(asked, parse_command_line(arguments, generation_prefix_));
        if (asked.what != verb::put && asked.what != verb::remove) return fail(errc::invalid, "`w` is missing: whose secret is it?");
        if (asked.append && asked.value.from == secret_source::kind::pattern)
            return fail(errc::invalid, "`a` and a pattern: a script that is begun again would add another value, which all would be given from then on");
        // On the command line a dash is standard input; here it is a dash.
        if (asked.value.from == secret_source::kind::standard_input) asked.value = {secret_source::kind::argument, now.value};
        prepared_command ready;
        if (asked.what == verb::put) {
            VSECM_TRY(value, read_secret(asked.value, asked.encrypted));
            ready.value = std::move(value);
        }
        ready.asked = std::move(asked);
        return ready;
    }

    std::unexpected<base::error> bad(std::string_view what) const { return fail(errc::invalid, "line {}: {}", line_, what); }

    std::string_view rest_;
    std::string_view generation_prefix_;
    unsigned line_ = 0;
    draft draft_;
    std::vector<block> blocks_;
};

}  // namespace

base::result<script> parse_script(base::secret_text&& text, std::string_view generation_prefix) {
    if (text.size() > max_script_len) return fail(errc::too_large, "the script has more than {} bytes", max_script_len);
    script whole{std::move(text), {}};
    VSECM_TRY(blocks, script_parser(whole.text.view(), generation_prefix).run());
    whole.blocks = std::move(blocks);
    return whole;
}

std::string describe(block const& b) {
    if (!b.command) return std::format("wait {} ms", b.pause.count());
    std::string text = b.command->asked.what == verb::remove ? "delete" : b.command->asked.append ? "append to" : "put";
    std::string_view separator = " ";
    for (auto const& name : b.command->asked.workloads) {
        text += separator;
        text += base::printable(name);
        separator = ", ";
    }
    return text;
}

}  // namespace vsecm::roles::sentinel
