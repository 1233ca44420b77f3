#include "gotmpl/parser.hpp"

#include "base/try.hpp"
#include "gotmpl/pipeline_parser.hpp"
#include "gotmpl/quote.hpp"

#include <optional>
#include <set>
#include <utility>
#include <variant>

namespace vsecm::gotmpl {

using base::result;

namespace {

// How a list of statements ends: {{end}} or {{else}}.
enum class ending { end, otherwise };
using statement_or_ending = std::variant<statement, ending>;
struct list_and_ending {
    body list;
    ending by;
};

std::string_view text_of(ending e) { return e == ending::end ? "{{end}}" : "{{else}}"; }

class parser {
public:
    parser(std::string_view text, std::string_view name, std::size_t max_nesting)
        : set_{.name = std::string(name), .text = text, .bodies = {}, .unquoted = {}}, max_nesting_(max_nesting) {}

    result<template_set> run() {
        VSECM_TRY(main, read_top_level());
        VSECM_TRY_OK(define(set_.name, std::move(main)));
        return std::move(set_);
    }

private:
    result<body> read_top_level();
    base::status read_definition();
    base::status define(std::string_view name, body&& b);
    result<list_and_ending> read_separate_body();
    result<list_and_ending> read_list();
    result<statement_or_ending> read_one();
    result<statement_or_ending> read_action();
    result<statement> read_control(statement_kind kind, std::string_view where);
    result<body> read_otherwise(statement_kind kind, std::string_view where);
    result<statement> read_jump(statement_kind kind, token const& word);
    result<statement> read_invocation(bool with_body);
    result<std::string_view> read_name(token const& t, std::string_view where);
    base::status expect_right_delimiter(std::string_view where);
    base::status enter_block();  // left by --open_blocks_, unless an error ends everything

    template_set set_;
    token_stream tokens_{set_};
    std::size_t max_nesting_;
    pipeline_parser pipelines_{tokens_, set_, max_nesting_};
    std::set<std::string, std::less<>> filled_;  // definitions that are not blank
    std::size_t open_blocks_ = 0;
    std::size_t open_ranges_ = 0;
};

result<body> parser::read_top_level() {
    body main;
    while (tokens_.peek().kind != token_kind::end_of_text) {
        if (tokens_.peek().kind == token_kind::left_delimiter) {
            auto const delimiter = tokens_.next();
            auto const word = tokens_.next_word();
            if (word.kind == token_kind::word_define) {
                VSECM_TRY_OK(read_definition());
                continue;
            }
            tokens_.put_back(word);
            tokens_.put_back(delimiter);
        }
        VSECM_TRY(one, read_one());
        if (auto const* stray = std::get_if<ending>(&one)) return tokens_.refuse(std::format("unexpected {}", text_of(*stray)));
        main.push_back(std::get<statement>(std::move(one)));
    }
    return main;
}

base::status parser::read_definition() {
    constexpr std::string_view where = "define clause";
    VSECM_TRY(name, read_name(tokens_.next_word(), where));
    VSECM_TRY_OK(expect_right_delimiter(where));
    VSECM_TRY(b, read_separate_body());
    if (b.by != ending::end) return tokens_.refuse(std::format("unexpected {} in {}", text_of(b.by), where));
    return define(name, std::move(b.list));
}

base::status parser::define(std::string_view name, body&& b) {
    bool const is_blank = is_empty(b);
    if (filled_.contains(name)) {
        if (is_blank) return {};
        return tokens_.refuse("template: multiple definition of template " + quoted(name));
    }
    if (!is_blank) filled_.emplace(name);
    set_.bodies.insert_or_assign(std::string(name), std::move(b));
    return {};
}

// A definition's body sees no variables, ranges or actions of what it stands in.
result<list_and_ending> parser::read_separate_body() {
    VSECM_TRY_OK(enter_block());
    auto const variables = std::exchange(pipelines_.variables, {"$"});
    auto const open_ranges = std::exchange(open_ranges_, 0);
    auto const action_pos = std::exchange(tokens_.action_pos, token_stream::no_action);
    VSECM_TRY(b, read_list());
    pipelines_.variables = variables;
    open_ranges_ = open_ranges;
    tokens_.action_pos = action_pos;
    --open_blocks_;
    return b;
}

result<list_and_ending> parser::read_list() {
    body list;
    while (tokens_.peek_word().kind != token_kind::end_of_text) {
        VSECM_TRY(one, read_one());
        if (auto const* by = std::get_if<ending>(&one)) return list_and_ending{std::move(list), *by};
        list.push_back(std::get<statement>(std::move(one)));
    }
    return tokens_.refuse("unexpected EOF");
}

result<statement_or_ending> parser::read_one() {
    auto const t = tokens_.next_word();
    if (t.kind == token_kind::text) return statement{.kind = statement_kind::text, .pos = t.pos, .text = t.text};
    if (t.kind != token_kind::left_delimiter) return tokens_.unexpected(t, "input");
    tokens_.action_pos = t.pos;
    auto action = read_action();
    tokens_.action_pos = token_stream::no_action;
    return action;
}

result<statement_or_ending> parser::read_action() {
    auto const word = tokens_.next_word();
    switch (word.kind) {
        case token_kind::word_if: return read_control(statement_kind::branch_if, "if");
        case token_kind::word_with: return read_control(statement_kind::branch_with, "with");
        case token_kind::word_range: return read_control(statement_kind::range, "range");
        case token_kind::word_break: return read_jump(statement_kind::leave, word);
        case token_kind::word_continue: return read_jump(statement_kind::next, word);
        case token_kind::word_template: return read_invocation(false);
        case token_kind::word_block: return read_invocation(true);
        case token_kind::word_end:
            VSECM_TRY_OK(expect_right_delimiter("end"));
            return ending::end;
        case token_kind::word_else:
            // `else if` and `else with`: the second word is for whoever reads the block.
            if (auto const second = tokens_.peek_word().kind; second != token_kind::word_if && second != token_kind::word_with)
                VSECM_TRY_OK(expect_right_delimiter("else"));
            return ending::otherwise;
        default: break;
    }
    tokens_.put_back(word);
    VSECM_TRY(pipe, pipelines_.read("command", token_kind::right_delimiter));
    return statement{.kind = statement_kind::output, .pos = word.pos, .pipe = std::make_unique<pipeline>(std::move(pipe))};
}

result<statement> parser::read_control(statement_kind kind, std::string_view where) {
    VSECM_TRY_OK(enter_block());
    auto const num_variables = pipelines_.variables.size();
    VSECM_TRY(pipe, pipelines_.read(where, token_kind::right_delimiter));
    statement s{.kind = kind, .pos = pipe.pos, .pipe = std::make_unique<pipeline>(std::move(pipe))};
    open_ranges_ += kind == statement_kind::range;
    VSECM_TRY(inner, read_list());
    s.body = std::move(inner.list);
    open_ranges_ -= kind == statement_kind::range;
    if (inner.by == ending::otherwise) {
        VSECM_TRY(otherwise, read_otherwise(kind, where));
        s.otherwise = std::move(otherwise);
    }
    pipelines_.variables.resize(num_variables);
    --open_blocks_;
    return s;
}

// Behind {{else}}, or behind the `else` of {{else if …}}: then what follows is one more block, which ends both.
result<body> parser::read_otherwise(statement_kind kind, std::string_view where) {
    auto const again = kind == statement_kind::branch_if ? token_kind::word_if : token_kind::word_with;
    if (kind != statement_kind::range && tokens_.peek().kind == again) {
        tokens_.next();
        VSECM_TRY(chained, read_control(kind, where));
        body otherwise;
        otherwise.push_back(std::move(chained));
        return otherwise;
    }
    VSECM_TRY(otherwise, read_list());
    if (otherwise.by != ending::end) return tokens_.refuse(std::format("expected end; found {}", text_of(otherwise.by)));
    return std::move(otherwise.list);
}

result<statement> parser::read_jump(statement_kind kind, token const& word) {
    auto const shown = std::format("{{{{{}}}}}", word.text);
    if (auto const t = tokens_.next_word(); t.kind != token_kind::right_delimiter) return tokens_.unexpected(t, shown);
    if (open_ranges_ == 0) return tokens_.refuse(shown + " outside {{range}}", word.pos);
    return statement{.kind = kind, .pos = word.pos};
}

// {{template "name"}}, {{template "name" pipeline}}, and {{block "name" pipeline}} with the body it defines.
result<statement> parser::read_invocation(bool with_body) {
    std::string_view const where = with_body ? "block clause" : "template clause";
    auto const t = tokens_.next_word();
    VSECM_TRY(name, read_name(t, where));
    statement s{.kind = statement_kind::invoke, .pos = t.pos, .text = name};
    auto const has_pipeline = with_body || tokens_.peek_word().kind != token_kind::right_delimiter;
    if (has_pipeline) {
        VSECM_TRY(pipe, pipelines_.read(where, token_kind::right_delimiter));
        s.pipe = std::make_unique<pipeline>(std::move(pipe));
    } else {
        tokens_.next_word();
    }
    if (with_body) {
        auto const opened = tokens_.latest_pos();  // where Go places the message
        VSECM_TRY(b, read_separate_body());
        if (b.by != ending::end) return tokens_.refuse_at(opened, std::format("unexpected {} in {}", text_of(b.by), where));
        VSECM_TRY_OK(define(name, std::move(b.list)));
    }
    return s;
}

result<std::string_view> parser::read_name(token const& t, std::string_view where) {
    if (t.kind != token_kind::quoted_text && t.kind != token_kind::raw_text) return tokens_.unexpected(t, where);
    return pipelines_.unquoted(t);
}

base::status parser::expect_right_delimiter(std::string_view where) {
    if (auto const t = tokens_.next_word(); t.kind != token_kind::right_delimiter) return tokens_.unexpected(t, where);
    return {};
}

base::status parser::enter_block() {
    if (open_blocks_ == max_nesting_)
        return tokens_.refuse_at(tokens_.latest_pos(), std::format("more than {} blocks in one another", max_nesting_),
                                 base::errc::too_large);
    ++open_blocks_;
    return {};
}

}  // namespace

result<template_set> parse(std::string_view text, std::string_view name, std::size_t max_nesting) {
    return parser(text, name, max_nesting).run();
}

}  // namespace vsecm::gotmpl
