#include "gotmpl/pipeline_parser.hpp"

#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "gotmpl/funcs.hpp"
#include "gotmpl/literal.hpp"
#include "gotmpl/quote.hpp"

#include <algorithm>

namespace vsecm::gotmpl {

using base::result;

namespace {

constexpr std::size_t max_variables = 1'000;  // at once: they are searched one by one

bool starts_operand(token_kind kind) {
    switch (kind) {
        case token_kind::boolean:
        case token_kind::character:
        case token_kind::complex:
        case token_kind::dot:
        case token_kind::field:
        case token_kind::identifier:
        case token_kind::number:
        case token_kind::word_nil:
        case token_kind::raw_text:
        case token_kind::quoted_text:
        case token_kind::variable:
        case token_kind::left_paren: return true;
        default: return false;
    }
}

bool is_comma(token const& t) { return t.kind == token_kind::comma_or_other && t.text == ","; }

// A value cannot take the one before it as its argument.
bool is_plain_value(operand const& o) {
    return o.kind == operand_kind::dot || o.kind == operand_kind::nil || o.kind == operand_kind::constant;
}

}  // namespace

result<pipeline> pipeline_parser::read(std::string_view where, token_kind end) {
    pipeline p{.pos = tokens_.peek_word().pos};
    VSECM_TRY_OK(declarations(p, where));
    for (;;) {
        auto const t = tokens_.next_word();
        if (t.kind == end) break;
        if (!starts_operand(t.kind)) return tokens_.unexpected(t, where);
        tokens_.put_back(t);
        VSECM_TRY(c, read_command());
        p.commands.push_back(std::move(c));
    }
    if (p.commands.empty()) return tokens_.refuse(std::format("missing value for {}", where));
    for (std::size_t i = 1; i < p.commands.size(); ++i)
        if (is_plain_value(p.commands[i].words.front()))
            return tokens_.refuse(std::format("non executable command in pipeline stage {}", i + 1), p.commands[i].pos);
    return p;
}

// `$x :=`, `$x =`, and in a range `$i, $x :=`. A variable that is followed by none of these begins the first command.
base::status pipeline_parser::declarations(pipeline& p, std::string_view where) {
    while (tokens_.peek_word().kind == token_kind::variable) {
        auto const variable = tokens_.next();
        auto const after = tokens_.peek();
        auto const follows = tokens_.peek_word();
        bool const is_last = follows.kind == token_kind::assign || follows.kind == token_kind::declare;
        if (!is_last && !is_comma(follows)) {
            if (after.kind == token_kind::space) tokens_.put_back(after);
            tokens_.put_back(variable);
            return {};
        }
        tokens_.next_word();
        if (variables.size() == max_variables)
            return tokens_.refuse_at(variable.pos, std::format("more than {} variables", max_variables), base::errc::too_large);
        p.variables.push_back(variable.text);
        variables.push_back(variable.text);
        p.assigns = follows.kind == token_kind::assign;
        if (is_last) return {};
        if (where != "range" || p.variables.size() == 2)
            return tokens_.refuse(std::format("too many declarations in {}", where), follows.pos);
        auto const second = tokens_.peek_word().kind;
        if (second != token_kind::variable && second != token_kind::right_delimiter && second != token_kind::right_paren)
            return tokens_.refuse("range can only initialize variables");
    }
    return {};
}

result<command> pipeline_parser::read_command() {
    command c{.pos = tokens_.peek_word().pos};
    for (;;) {
        tokens_.peek_word();
        VSECM_TRY(word, read_operand());
        if (word) c.words.push_back(*std::move(word));
        auto const t = tokens_.next();
        if (t.kind == token_kind::space) continue;
        if (t.kind == token_kind::right_delimiter || t.kind == token_kind::right_paren) tokens_.put_back(t);
        else if (t.kind != token_kind::pipe) return tokens_.unexpected(t, "operand");
        break;
    }
    if (c.words.empty()) return tokens_.refuse("empty command");
    return c;
}

result<std::optional<operand>> pipeline_parser::read_operand() {
    VSECM_TRY(term, read_term());
    auto const first_field = tokens_.peek();
    if (!term || first_field.kind != token_kind::field) return term;
    if (is_plain_value(*term)) return tokens_.refuse("unexpected . after term " + quoted(text_of(*term)), first_field.pos);

    if (term->kind != operand_kind::field && term->kind != operand_kind::variable) {
        operand chain{.kind = operand_kind::chain};
        chain.base = std::make_unique<operand>(*std::move(term));
        term = std::move(chain);
    }
    term->pos = first_field.pos;
    while (tokens_.peek().kind == token_kind::field) term->fields.push_back(tokens_.next().text.substr(1));
    return term;
}

result<std::optional<operand>> pipeline_parser::read_term() {
    auto const t = tokens_.next_word();
    operand o{.pos = t.pos, .word = t.text};
    switch (t.kind) {
        case token_kind::dot: return o;
        case token_kind::word_nil: o.kind = operand_kind::nil; return o;
        case token_kind::field:
            o.kind = operand_kind::field;
            o.fields.push_back(t.text.substr(1));
            return o;
        case token_kind::variable:
            o.kind = operand_kind::variable;
            if (!std::ranges::contains(variables, t.text)) return tokens_.refuse("undefined variable " + quoted(t.text), t.pos);
            return o;
        case token_kind::identifier:
            o.kind = operand_kind::function;
            if (find_function(t.text) == nullptr)
                return tokens_.refuse(std::format("function {} not defined", quoted(t.text)), t.pos);
            return o;
        case token_kind::boolean:
        case token_kind::number:
        case token_kind::character:
        case token_kind::complex:
        case token_kind::quoted_text:
        case token_kind::raw_text: return read_constant(t);
        case token_kind::left_paren: return read_group(t);
        default: tokens_.put_back(t); return std::nullopt;
    }
}

result<operand> pipeline_parser::read_constant(token const& t) {
    operand o{.kind = operand_kind::constant, .pos = t.pos, .word = t.text};
    if (t.kind == token_kind::quoted_text || t.kind == token_kind::raw_text) {
        VSECM_TRY(text, unquoted(t));
        o.constant = text;
        return o;
    }
    auto const valued = [&]() -> result<value> {
        switch (t.kind) {
            case token_kind::number: return parse_number(t.text);
            case token_kind::character: return parse_character(t.text);
            case token_kind::complex: return parse_complex(t.text);
            default: return t.text == "true";
        }
    };
    auto const number = valued();
    if (!number) return tokens_.refuse(number.error().what, t.pos);
    o.constant = *number;
    return o;
}

result<operand> pipeline_parser::read_group(token const& opening) {
    if (open_groups_ == max_nesting_) return tokens_.refuse_at(opening.pos, "max expression depth exceeded", base::errc::too_large);
    ++open_groups_;
    auto inner = read("parenthesized pipeline", token_kind::right_paren);
    --open_groups_;
    if (!inner) return std::unexpected(std::move(inner).error());
    operand o{.kind = operand_kind::group, .pos = inner->pos};
    o.group = std::make_unique<pipeline>(*std::move(inner));
    return o;
}

result<std::string_view> pipeline_parser::unquoted(token const& literal) {
    auto const inside = literal.text.substr(1, literal.text.size() - 2);
    bool const raw = literal.kind == token_kind::raw_text;
    if (raw ? !inside.contains('\r') : !inside.contains('\\') && codec::is_valid_utf8(inside)) return inside;
    auto text = unquote(literal.text);
    if (!text) return tokens_.refuse(text.error().what, literal.pos);
    return set_.unquoted.emplace_back(*std::move(text)).view();
}

}  // namespace vsecm::gotmpl
