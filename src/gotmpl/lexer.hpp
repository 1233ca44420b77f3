// A template's text as tokens. Go's text/template/parse is the model, its messages included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vsecm::gotmpl {

enum class token_kind : std::uint8_t {
    error,  // the token's text is the message
    end_of_text, text, left_delimiter, right_delimiter, space,
    identifier, field, variable, boolean, number, complex, character, quoted_text, raw_text,
    pipe, comma_or_other, assign, declare, left_paren, right_paren,
    // Words that are no identifiers.
    dot, word_block, word_break, word_continue, word_define, word_else, word_end, word_if, word_nil, word_range, word_template,
    word_with,
};

struct token {
    token_kind kind = token_kind::end_of_text;
    std::uint32_t pos = 0;  // bytes before it
    std::string_view text;  // as written; points into the template
};

// Comments and what trim markers take away are gone. After an error, or at the end, there is only end_of_text.
class lexer {
public:
    explicit lexer(std::string_view text) : text_(text) {}  // at most 4 GiB; must outlive the tokens
    token next();

private:
    token next_in_text();
    token next_in_action();
    bool skip_comment();  // false if it does not end as it must: problem_ says why
    token right_delimiter();
    token spaces();
    token word(token_kind kind);
    token identifier();
    token number();
    token quoted(char quote, token_kind kind, std::string_view what);
    token raw_quoted();
    bool scan_number();

    token made(token_kind kind);
    token failed(std::string what);
    bool at(std::string_view what) const { return text_.substr(pos_).starts_with(what); }
    bool at_right_delimiter() const;
    bool at_word_end() const;
    char32_t peek() const;  // 0xFFFFFFFF at the end
    void skip_rune();
    bool accept(std::string_view any_of);
    void accept_all(std::string_view any_of);

    std::string_view text_;
    std::size_t pos_ = 0;
    std::size_t start_ = 0;  // of the token being read
    std::size_t open_parens_ = 0;
    bool in_action_ = false;
    std::string problem_;
};

}  // namespace vsecm::gotmpl
