#include "roles/sentinel/script.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "roles/sentinel/block_maker.hpp"
#include "roles/sentinel/inputs.hpp"

#include <algorithm>
#include <utility>

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

namespace {

// The language of lines.
class line_parser {
public:
    line_parser(std::string_view text, std::string_view generation_prefix) : rest_(text), maker_(generation_prefix) {}

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
            if (maker_.empty()) first_line_ = line_;
            last_line_ = line_;
            if (auto added = add(key, line.substr(colon + 1)); !added) return bad(added.error().what);
        }
        VSECM_TRY_OK(end_block());
        return std::move(blocks_);
    }

private:
    base::result<std::vector<block>> leave(std::string_view word) {
        if (word != "true") return bad("it is `exit` or `exit:true`");
        if (!maker_.empty()) return bad("`exit` stands in a block that is not finished: end the block with -- first");
        return std::move(blocks_);
    }

    // Names stand in one line, separated by commas.
    base::status add(std::string_view key, std::string_view value) {
        while (key == "w" || key == "n") {
            auto const comma = value.find(',');
            if (comma == value.npos) break;
            VSECM_TRY_OK(maker_.add(key, value.substr(0, comma)));
            value.remove_prefix(comma + 1);
        }
        return maker_.add(key, value);
    }

    base::status end_block() {
        if (maker_.empty()) return {};
        auto made = maker_.finish(first_line_);
        if (!made) return std::unexpected(std::move(made).error().within(std::format("lines {} to {}", first_line_, last_line_)));
        blocks_.push_back(*std::move(made));
        return {};
    }

    std::unexpected<base::error> bad(std::string_view what) const { return fail(errc::invalid, "line {}: {}", line_, what); }

    std::string_view rest_;
    unsigned line_ = 0, first_line_ = 0, last_line_ = 0;
    block_maker maker_;
    std::vector<block> blocks_;
};

base::result<block> block_of(codec::yaml_item const& item, block_maker& maker) {
    for (auto const& field : item.fields) {
        bool const names = field.name == "w" || field.name == "n";
        if (!names && field.values.size() != 1) return fail(errc::invalid, "line {}: only w and n take a list", field.line);
        for (auto const& value : field.values)
            if (auto added = maker.add(field.name, value.view()); !added) return std::unexpected(std::move(added).error().within(std::format("line {}", field.line)));
    }
    if (maker.empty()) return fail(errc::invalid, "line {}: the block is empty", item.line);
    auto made = maker.finish(item.line);
    if (!made) return std::unexpected(std::move(made).error().within(std::format("line {}", item.line)));
    return made;
}

base::status check_len(base::secret_text const& text) {
    if (text.size() > max_script_len) return fail(errc::too_large, "the script has more than {} bytes", max_script_len);
    return {};
}

// No line of the language of lines begins like this.
bool is_yaml(std::string_view text) {
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        auto const content = trimmed(line);
        if (content.empty() || content.starts_with('#')) continue;
        return content == "---" || content == "-" || content.starts_with("- ");
    }
    return false;
}

}  // namespace

base::result<script> parse_script(base::secret_text&& text, std::string_view generation_prefix) {
    VSECM_TRY_OK(check_len(text));
    script whole{std::move(text), {}, {}};
    VSECM_TRY(blocks, line_parser(whole.text.view(), generation_prefix).run());
    whole.blocks = std::move(blocks);
    return whole;
}

base::result<script> parse_script_or_list(base::secret_text&& text, std::string_view generation_prefix) {
    if (!is_yaml(text.view())) return parse_script(std::move(text), generation_prefix);
    VSECM_TRY_OK(check_len(text));
    VSECM_TRY(items, codec::read_yaml_list(text.view()));
    script whole{std::move(text), std::move(items), {}};
    block_maker maker(generation_prefix);
    for (auto const& item : whole.items) {
        VSECM_TRY(made, block_of(item, maker));
        whole.blocks.push_back(std::move(made));
    }
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
