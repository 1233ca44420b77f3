#include "gotmpl/literal.hpp"

#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "gotmpl/quote.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <expected>

namespace vsecm::gotmpl {

using base::errc;
using base::fail;
using base::result;

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// The digit's value, 36 for what is no digit.
unsigned digit_value(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return lower(c) >= 'a' && lower(c) <= 'z' ? static_cast<unsigned>(lower(c) - 'a' + 10) : 36;
}

// 2, 8 or 16 of 0b, 0o and 0x; 0 without such a prefix.
unsigned prefix_base(std::string_view number) {
    if (number.size() < 2 || number[0] != '0') return 0;
    switch (lower(number[1])) {
        case 'b': return 2;
        case 'o': return 8;
        case 'x': return 16;
        default: return 0;
    }
}

std::string_view without_sign(std::string_view number) {
    return number.starts_with('+') || number.starts_with('-') ? number.substr(1) : number;
}

// Between digits, or between a prefix and a digit.
bool underscores_well_placed(std::string_view number) {
    number = without_sign(number);
    auto const base = prefix_base(number);
    bool after_digit = base != 0;
    bool after_underscore = false;
    for (char const c : number.substr(base != 0 ? 2 : 0)) {
        bool const is_digit = digit_value(c) < (base == 16 ? 16 : 10);
        if (c == '_' ? !after_digit : after_underscore && !is_digit) return false;
        after_digit = is_digit;
        after_underscore = c == '_';
    }
    return !after_underscore;
}

struct character {
    char32_t code = 0;
    bool is_byte = false;  // \x41 and \101 in a text are bytes, not code points
    std::size_t len = 0;   // of the literal
};

result<character> parse_escape(std::string_view rest, char quote) {
    constexpr std::string_view letters = "abfnrtv\\";
    constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\";
    auto const bad = [] { return fail(errc::invalid, "invalid syntax"); };
    if (rest.size() < 2) return bad();
    char const kind = rest[1];
    if (kind == quote) return character{static_cast<char32_t>(quote), true, 2};
    if (auto const at = letters.find(kind); at != letters.npos) return character{static_cast<char32_t>(meanings[at]), true, 2};

    bool const octal = kind >= '0' && kind <= '7';
    std::size_t const start = octal ? 1 : 2;
    std::size_t const num_digits = octal ? 3 : kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    auto const digits = rest.substr(std::min(start, rest.size())).substr(0, num_digits);
    if (num_digits == 0 || digits.size() < num_digits) return bad();
    char32_t code = 0;
    for (char const c : digits) {
        if (digit_value(c) >= (octal ? 8 : 16)) return bad();
        code = code * (octal ? 8 : 16) + digit_value(c);
    }
    bool const is_byte = octal || kind == 'x';
    if (is_byte ? code > 255 : !is_code_point(code)) return bad();
    return character{code, is_byte, start + num_digits};
}

result<character> parse_one(std::string_view rest, char quote) {
    if (rest.empty() || rest.front() == quote) return fail(errc::invalid, "invalid syntax");
    if (rest.front() == '\\') return parse_escape(rest, quote);
    auto const r = codec::decode_rune(rest);
    return character{r.code, r.code < 0x80, r.len};
}

enum class float_problem { form, range };

// strconv.ParseFloat for 64 bits. By strtod, which is linked anyway: std::from_chars would be 26 kB of the binary. It takes
// white space, `inf`, `nan` and a hexadecimal number without an exponent too, and reads up to a NUL.
std::expected<double, float_problem> convert_float(std::string_view text) {
    constexpr auto bad_form = std::unexpected(float_problem::form);
    if (text.contains('_') && !underscores_well_placed(text)) return bad_form;
    auto const number = without_sign(text);
    bool const hex = prefix_base(number) == 16;
    if (number.empty() || (number[0] != '.' && digit_value(number[0]) >= 10)) return bad_form;
    if (hex && number.find_first_of("pP") == number.npos) return bad_form;

    base::secret_text plain;
    plain.reserve(text.size() + 1);
    for (char const c : text)
        if (c != '_') plain.push_back(c);
    auto const len = plain.size();
    plain.push_back('\0');
    char* end = nullptr;
    double const parsed = std::strtod(plain.data(), &end);
    if (end != plain.data() + len) return bad_form;
    if (std::isinf(parsed)) return std::unexpected(float_problem::range);
    return parsed;
}

// One half of a complex number.
result<double> parse_component(std::string_view text) {
    auto const number = convert_float(text);
    if (number) return *number;
    auto const why = number.error() == float_problem::range ? "value out of range" : "invalid syntax";
    return fail(errc::invalid, "strconv.ParseFloat: parsing {}: {}", quoted(text), why);
}

}  // namespace

std::optional<whole_number> parse_whole(std::string_view text) {
    if (text.contains('_') && !underscores_well_placed(text)) return std::nullopt;
    auto digits = without_sign(text);
    whole_number out{.negative = text.starts_with('-')};
    auto base = prefix_base(digits);
    digits.remove_prefix(base != 0 ? 2 : 0);
    if (base == 0) base = digits.starts_with('0') ? 8 : 10;
    if (digits.find_first_not_of('_') == digits.npos) return std::nullopt;
    for (char const c : digits) {
        if (c == '_') continue;
        auto const digit = digit_value(c);
        if (digit >= base || __builtin_mul_overflow(out.magnitude, base, &out.magnitude) ||
            __builtin_add_overflow(out.magnitude, digit, &out.magnitude))
            return std::nullopt;
    }
    return out;
}

std::optional<double> parse_float(std::string_view text) {
    auto const number = convert_float(text);
    return number ? std::optional(*number) : std::nullopt;
}

result<base::secret_text> unquote(std::string_view literal) {
    char const quote = literal.front();
    auto rest = literal.substr(1, literal.size() - 2);
    base::secret_text text;
    text.reserve(rest.size());
    if (quote == '`') {
        for (char const c : rest)
            if (c != '\r') text.push_back(c);
        return text;
    }
    while (!rest.empty()) {
        VSECM_TRY(c, parse_one(rest, quote));
        if (c.is_byte) text.push_back(static_cast<char>(c.code));
        else text.append(utf8_bytes(c.code).view());
        rest.remove_prefix(c.len);
    }
    return text;
}

result<value> parse_character(std::string_view literal) {
    VSECM_TRY(c, parse_one(literal.substr(1), '\''));
    if (literal.substr(1 + c.len) != "'") return fail(errc::invalid, "malformed character constant: {}", literal);
    return std::int64_t{c.code};
}

result<value> parse_complex(std::string_view literal) {
    auto const bad = [] { return fail(errc::invalid, "syntax error scanning complex number"); };
    // The sign in the middle, but for one that belongs to an exponent.
    bool const hex = prefix_base(without_sign(literal)) == 16;
    auto const exponents = std::string_view{hex ? "pP" : "eE"};
    auto middle = literal.find_first_of("+-", 1);
    while (middle != literal.npos && exponents.contains(literal[middle - 1])) middle = literal.find_first_of("+-", middle + 1);
    if (middle == literal.npos) return bad();
    auto const first = literal.substr(0, middle);
    auto const second = literal.substr(middle, literal.size() - middle - 1);
    if (without_sign(second).empty()) return bad();
    for (auto const half : {first, second})
        if (half.contains('i') || prefix_base(without_sign(half)) == 2 || prefix_base(without_sign(half)) == 8) return bad();
    VSECM_TRY(re, parse_component(first));
    VSECM_TRY(im, parse_component(second));
    return std::complex<double>{re, im};
}

result<value> parse_number(std::string_view literal) {
    if (literal.ends_with('i'))
        if (auto const imaginary = parse_float(literal.substr(0, literal.size() - 1))) return std::complex<double>{0, *imaginary};

    bool const may_be_float = literal.find_first_of(".eEpP") != literal.npos;
    auto const whole = parse_whole(literal);
    constexpr auto int64_limit = std::uint64_t{1} << 63;
    if (whole && whole->magnitude < int64_limit + (whole->negative ? 1 : 0)) {
        auto const number = static_cast<std::int64_t>(whole->negative ? -whole->magnitude : whole->magnitude);
        // A sign before 0x hides it from Go's test for a hexadecimal integer, and the digit e then makes a float of it.
        if (may_be_float && prefix_base(literal) == 0) return real{static_cast<double>(number), {}};
        return number;
    }
    if (whole && without_sign(literal).size() == literal.size()) return value{};  // an unsigned number has no sign
    auto const number = parse_float(literal);
    if (!number) return fail(errc::invalid, "illegal number syntax: {}", quoted(literal));
    if (!may_be_float) return fail(errc::invalid, "integer overflow: {}", quoted(literal));
    return real{*number, {}};
}

}  // namespace vsecm::gotmpl
