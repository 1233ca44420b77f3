#include "gotmpl/tree.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/quote.hpp"

#include <algorithm>
#include <format>

namespace vsecm::gotmpl {
namespace {

bool is_blank(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const r = codec::decode_rune(text);
        if (!is_white_space(r.code)) return false;
        text.remove_prefix(r.len);
    }
    return true;
}

std::string grouped(operand const& o) { return o.kind == operand_kind::group ? "(" + text_of(o) + ")" : text_of(o); }

std::string_view keyword_of(statement_kind kind) {
    switch (kind) {
        case statement_kind::branch_if: return "if ";
        case statement_kind::branch_with: return "with ";
        case statement_kind::range: return "range ";
        case statement_kind::leave: return "break";
        case statement_kind::next: return "continue";
        case statement_kind::invoke: return "template ";
        case statement_kind::text:
        case statement_kind::output: break;
    }
    return {};
}

}  // namespace

bool is_empty(body const& b) noexcept {
    return std::ranges::all_of(b, [](statement const& s) { return s.kind == statement_kind::text && is_blank(s.text); });
}

std::string text_of(operand const& o) {
    std::string out;
    switch (o.kind) {
        case operand_kind::dot: out = "."; break;
        case operand_kind::nil: out = "nil"; break;
        case operand_kind::group: out = text_of(*o.group); break;
        case operand_kind::chain: out = grouped(*o.base); break;
        case operand_kind::field: break;
        case operand_kind::constant:
        case operand_kind::variable:
        case operand_kind::function: out = o.word; break;
    }
    for (auto const field : o.fields) out.append(".").append(field);
    return out;
}

std::string text_of(command const& c) {
    std::string out;
    for (auto const& word : c.words) out.append(out.empty() ? "" : " ").append(grouped(word));
    return out;
}

std::string text_of(pipeline const& p) {
    std::string out;
    for (auto const variable : p.variables) out.append(out.empty() ? "" : ", ").append(variable);
    if (!p.variables.empty()) out += p.assigns ? " = " : " := ";
    for (auto const& c : p.commands) out.append(&c == p.commands.data() ? "" : " | ").append(text_of(c));
    return out;
}

std::string text_of(statement const& s) {
    if (s.kind == statement_kind::text) return "text";
    std::string out{"{{"};
    out += keyword_of(s.kind);
    if (s.kind == statement_kind::invoke) out.append(quoted(s.text)).append(s.pipe ? " " : "");
    if (s.pipe) out += text_of(*s.pipe);
    return out + "}}";
}

std::string place_in(template_set const& set, std::size_t pos) {
    auto const before = set.text.substr(0, pos);
    auto const line_start = before.rfind('\n') + 1;  // 0 when there is none
    return std::format("{}:{}:{}", set.name, std::ranges::count(before, '\n') + 1, pos - line_start);
}

}  // namespace vsecm::gotmpl
