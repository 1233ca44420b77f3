#include "gotmpl/lexer.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/quote.hpp"

#include <algorithm>
#include <format>
#include <utility>

namespace vsecm::gotmpl {
namespace {

constexpr std::string_view left = "{{";
constexpr std::string_view right = "}}";
constexpr std::string_view white = " \t\r\n";
constexpr char32_t no_rune = 0xFFFFFFFF;

bool is_space(char c) { return white.contains(c); }

// "{{- " trims the text before, " -}}" the text after.
bool trims_before(std::string_view after_delimiter) {
    return after_delimiter.size() >= 2 && after_delimiter[0] == '-' && is_space(after_delimiter[1]);
}
bool trims_after(std::string_view rest) {
    return rest.size() >= 2 && is_space(rest[0]) && rest[1] == '-' && rest.substr(2).starts_with(right);
}

std::string_view without_trailing_space(std::string_view text) { return text.substr(0, text.find_last_not_of(white) + 1); }

constexpr std::pair<std::string_view, token_kind> keywords[] = {
    {"block", token_kind::word_block},       {"break", token_kind::word_break}, {"continue", token_kind::word_continue},
    {"define", token_kind::word_define},     {"else", token_kind::word_else},   {"end", token_kind::word_end},
    {"if", token_kind::word_if},             {"nil", token_kind::word_nil},     {"range", token_kind::word_range},
    {"template", token_kind::word_template}, {"with", token_kind::word_with},   {"true", token_kind::boolean},
    {"false", token_kind::boolean},
};

}  // namespace

token lexer::made(token_kind kind) { return {kind, static_cast<std::uint32_t>(start_), text_.substr(start_, pos_ - start_)}; }

token lexer::failed(std::string what) {
    problem_ = std::move(what);
    text_ = text_.substr(0, start_);
    pos_ = start_;
    in_action_ = false;
    return {token_kind::error, static_cast<std::uint32_t>(start_), problem_};
}

char32_t lexer::peek() const { return pos_ < text_.size() ? codec::decode_rune(text_.substr(pos_)).code : no_rune; }
void lexer::skip_rune() {
    if (pos_ < text_.size()) pos_ += codec::decode_rune(text_.substr(pos_)).len;
}

bool lexer::accept(std::string_view any_of) {
    if (pos_ == text_.size() || !any_of.contains(text_[pos_])) return false;
    ++pos_;
    return true;
}
void lexer::accept_all(std::string_view any_of) { pos_ = std::min(text_.find_first_not_of(any_of, pos_), text_.size()); }

bool lexer::at_right_delimiter() const { return at(right) || trims_after(text_.substr(pos_)); }

// A word may be followed by these only, so that `.a-b` is refused instead of read as two words.
bool lexer::at_word_end() const {
    if (pos_ == text_.size() || at(right)) return true;
    return std::string_view{" \t\r\n.,|:()"}.contains(text_[pos_]);
}

token lexer::next() { return in_action_ ? next_in_action() : next_in_text(); }

token lexer::next_in_text() {
    for (;;) {
        start_ = pos_;
        auto const open = text_.find(left, pos_);
        if (open == text_.npos) {
            pos_ = text_.size();
            return made(pos_ > start_ ? token_kind::text : token_kind::end_of_text);
        }
        bool const trims = trims_before(text_.substr(open + left.size()));
        auto const plain = text_.substr(start_, open - start_);
        auto const kept = trims ? without_trailing_space(plain) : plain;
        pos_ = open;
        if (!kept.empty()) return {token_kind::text, static_cast<std::uint32_t>(start_), kept};

        start_ = open;
        pos_ = open + left.size() + (trims ? 2 : 0);
        if (!at("/*")) {
            in_action_ = true;
            open_parens_ = 0;
            return {token_kind::left_delimiter, static_cast<std::uint32_t>(open), left};
        }
        start_ = pos_;
        if (!skip_comment()) return failed(std::move(problem_));
    }
}

bool lexer::skip_comment() {
    auto const close = text_.find("*/", pos_ + 2);
    if (close == text_.npos) {
        problem_ = "unclosed comment";
        return false;
    }
    pos_ = close + 2;
    if (!at_right_delimiter()) {
        problem_ = "comment ends before closing delimiter";
        return false;
    }
    right_delimiter();
    return true;
}

token lexer::right_delimiter() {
    bool const trims = !at(right);
    if (trims) pos_ += 2;
    start_ = pos_;
    pos_ += right.size();
    auto const delimiter = made(token_kind::right_delimiter);
    if (trims) accept_all(white);
    in_action_ = false;
    return delimiter;
}

token lexer::next_in_action() {
    start_ = pos_;
    if (at_right_delimiter()) return open_parens_ == 0 ? right_delimiter() : failed("unclosed left paren");
    if (pos_ == text_.size()) return failed("unclosed action");
    auto const rune = peek();
    char const c = text_[pos_];
    char const after = pos_ + 1 < text_.size() ? text_[pos_ + 1] : '0';
    if (is_space(c)) return spaces();
    if ((c == '.' && after >= '0' && after <= '9') || c == '+' || c == '-' || (c >= '0' && c <= '9')) return number();
    if (is_word(rune)) return identifier();
    skip_rune();
    switch (c) {
        case '.': return word(token_kind::field);
        case '$': return word(token_kind::variable);
        case '=': return made(token_kind::assign);
        case '|': return made(token_kind::pipe);
        case '"': return quoted('"', token_kind::quoted_text, "quoted string");
        case '\'': return quoted('\'', token_kind::character, "character constant");
        case '`': return raw_quoted();
        case ':': return accept("=") ? made(token_kind::declare) : failed("expected :=");
        case '(': ++open_parens_; return made(token_kind::left_paren);
        case ')':
            if (open_parens_ == 0) return failed("unexpected right paren");
            --open_parens_;
            return made(token_kind::right_paren);
        default: break;
    }
    if (rune < 0x80 && is_printable(rune)) return made(token_kind::comma_or_other);
    return failed("unrecognized character in action: " + named_rune(rune));
}

token lexer::spaces() {
    accept_all(white);
    // The last one may belong to " -}}".
    if (trims_after(text_.substr(pos_ - 1))) {
        --pos_;
        if (pos_ == start_) return right_delimiter();
    }
    return made(token_kind::space);
}

token lexer::identifier() {
    while (is_word(peek())) skip_rune();
    if (!at_word_end()) return failed("bad character " + named_rune(peek()));
    auto const name = text_.substr(start_, pos_ - start_);
    auto const* const keyword = std::ranges::find(keywords, name, &std::pair<std::string_view, token_kind>::first);
    return made(keyword != std::end(keywords) ? keyword->second : token_kind::identifier);
}

// The name behind a dot or a dollar, either of which may stand alone.
token lexer::word(token_kind kind) {
    if (at_word_end()) return made(kind == token_kind::field ? token_kind::dot : kind);
    while (is_word(peek())) skip_rune();
    return at_word_end() ? made(kind) : failed("bad character " + named_rune(peek()));
}

token lexer::number() {
    auto const bad = [this] { return failed("bad number syntax: " + gotmpl::quoted(text_.substr(start_, pos_ - start_))); };
    if (!scan_number()) return bad();
    if (peek() != '+' && peek() != '-') return made(token_kind::number);
    if (!scan_number() || text_[pos_ - 1] != 'i') return bad();
    return made(token_kind::complex);
}

// The form only; literal.cpp reads it. Takes in the character that makes it none.
bool lexer::scan_number() {
    std::string_view digits = "0123456789_";
    std::string_view exponent = "eE";
    accept("+-");
    if (accept("0")) {
        if (accept("xX")) {
            digits = "0123456789abcdefABCDEF_";
            exponent = "pP";
        } else if (accept("oO")) {
            digits = "01234567_";
            exponent = {};
        } else if (accept("bB")) {
            digits = "01_";
            exponent = {};
        }
    }
    accept_all(digits);
    if (accept(".")) accept_all(digits);
    if (accept(exponent)) {
        accept("+-");
        accept_all("0123456789_");
    }
    accept("i");
    if (!is_word(peek())) return true;
    skip_rune();
    return false;
}

token lexer::quoted(char quote, token_kind kind, std::string_view what) {
    for (;;) {
        bool const escaped = accept("\\");
        if (pos_ == text_.size() || text_[pos_] == '\n') return failed(std::format("unterminated {}", what));
        char const c = text_[pos_++];
        if (c == quote && !escaped) return made(kind);
    }
}

token lexer::raw_quoted() {
    auto const close = text_.find('`', pos_);
    if (close == text_.npos) return failed("unterminated raw quoted string");
    pos_ = close + 1;
    return made(token_kind::raw_text);
}

}  // namespace vsecm::gotmpl
