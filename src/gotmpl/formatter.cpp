#include "gotmpl/formatter.hpp"

#include "gotmpl/float_text.hpp"
#include "gotmpl/quote.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vsecm::gotmpl {
namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";

// The flag #: a point always, and zeros until there are as many digits as were asked for. `number` has no sign.
base::secret_text with_point(std::string_view number, char verb, int precision) {
    int missing = 0;
    if (verb == 'g' || verb == 'G' || verb == 'x') missing = precision == shortest ? 6 : precision;
    bool const hex = verb == 'x' || verb == 'X';
    auto const mantissa = number.substr(0, number.find_first_of(hex ? "pP" : "eE"));
    bool counting = false;
    for (char const c : mantissa) {
        counting = counting || (c != '0' && c != '.');
        missing -= counting && c != '.';
    }
    base::secret_text out(mantissa);
    if (!mantissa.contains('.')) {
        missing -= mantissa == "0";
        out.push_back('.');
    }
    for (; missing > 0; --missing) out.push_back('0');
    out.append(number.substr(mantissa.size()));
    return out;
}

}  // namespace

void formatter::pad_before(std::size_t num_runes, bool zeros_allowed) {
    auto const width = static_cast<std::size_t>(flags.width.value_or(0));
    if (!flags.minus && width > num_runes) out_.fill(width - num_runes, zeros_allowed && flags.zero ? '0' : ' ');
}

void formatter::pad_after(std::size_t num_runes) {
    auto const width = static_cast<std::size_t>(flags.width.value_or(0));
    if (flags.minus && width > num_runes) out_.fill(width - num_runes, ' ');
}

void formatter::pad(std::string_view text) {
    auto const num_runes = flags.width ? count_runes(text) : 0;
    pad_before(num_runes, true);
    out_.write(text);
    pad_after(num_runes);
}

std::string_view formatter::truncated(std::string_view text) const {
    return flags.precision ? first_runes(text, static_cast<std::size_t>(*flags.precision)) : text;
}

void formatter::write(value const& v, char32_t verb) {
    if (v.is_nil()) {
        if (verb == 'T' || verb == 'v') pad("<nil>");
        else write_bad_verb(v, verb);
    } else if (verb == 'T') {
        pad(truncated(type_name(v)));
    } else if (verb == 'p' || verb == 'w') {
        write_bad_verb(v, verb);  // %p of a list is an address in Go, which no two runs print alike
    } else {
        write_held(v, verb);
    }
}

void formatter::write_bad_verb(value const& v, char32_t verb) {
    out_.write("%!");
    out_.write_rune(verb);
    out_.write('(');
    if (v.is_nil()) {
        out_.write("<nil>");
    } else {
        out_.write(type_name(v));
        out_.write('=');
        write_held(v, 'v');
    }
    out_.write(')');
}

void formatter::write_held(value const& v, char32_t verb) {
    if (auto const* b = v.get_if<bool>()) return write_boolean(*b, v, verb);
    if (auto const* n = v.get_if<std::int64_t>()) return write_integer(static_cast<std::uint64_t>(*n), true, v, verb);
    if (auto const* n = v.get_if<std::uint8_t>()) return write_integer(*n, false, v, verb);
    if (auto const* n = v.get_if<real>()) return write_real(n->number, n->digits, v, verb);
    if (auto const* n = v.get_if<std::complex<double>>()) return write_complex(*n, v, verb);
    if (auto const* s = v.get_if<std::string_view>()) return write_text(*s, v, verb);
    if (auto const* l = v.get_if<list>()) return write_container(v, *l, "[", verb);
    if (auto const* m = v.get_if<map>()) return write_container(v, *m, "map[", verb);
    out_.write(flags.go_syntax ? "interface {}(nil)" : "<nil>");
}

template <class Container>
void formatter::write_container(value const& v, Container const& all, std::string_view open, char32_t verb) {
    if (flags.go_syntax) out_.write(type_name(v));
    out_.write(flags.go_syntax ? "{" : open);
    bool first = true;
    for (auto const& element : all) {
        if (out_.overflowed()) return;
        if (!std::exchange(first, false)) out_.write(flags.go_syntax ? ", " : " ");
        write_element(element, verb);
    }
    out_.write(flags.go_syntax ? '}' : ']');
}

void formatter::write_element(member const& m, char32_t verb) {
    write_held(m.name, verb);
    out_.write(':');
    write_held(m.held, verb);
}

void formatter::write_boolean(bool b, value const& v, char32_t verb) {
    if (verb == 't' || verb == 'v') pad(b ? "true" : "false");
    else write_bad_verb(v, verb);
}

void formatter::write_integer(std::uint64_t bits, bool is_signed, value const& v, char32_t verb) {
    auto const code = bits > 0x10FFFF ? char32_t{0xFFFD} : static_cast<char32_t>(bits);
    switch (verb) {
        case 'v':
            if (flags.go_syntax && !is_signed) {
                auto const sharp = std::exchange(flags.sharp, true);
                write_digits(bits, false, 16, verb);
                flags.sharp = sharp;
                return;
            }
            return write_digits(bits, is_signed, 10, verb);
        case 'd': return write_digits(bits, is_signed, 10, verb);
        case 'b': return write_digits(bits, is_signed, 2, verb);
        case 'o':
        case 'O': return write_digits(bits, is_signed, 8, verb);
        case 'x':
        case 'X': return write_digits(bits, is_signed, 16, verb);
        case 'c': return pad(utf8_bytes(code).view());
        case 'q': {
            text_sink quoted(16);
            write_quoted_rune(quoted, code, flags.plus ? quoting::ascii : quoting::unicode);
            return pad(quoted.view());
        }
        case 'U': return write_code_point(bits);
        default: write_bad_verb(v, verb);
    }
}

void formatter::write_digits(std::uint64_t bits, bool is_signed, unsigned base, char32_t verb) {
    bool const negative = is_signed && bits >> 63 != 0;
    auto rest = negative ? -bits : bits;
    auto const width = static_cast<std::size_t>(flags.width.value_or(0));
    if (flags.precision == 0 && rest == 0) return out_.fill(width, ' ');

    auto const all = verb == 'X' ? upper_digits : lower_digits;
    std::array<char, 64> digits;
    auto first = digits.size();
    do digits[--first] = all[rest % base];
    while ((rest /= base) != 0);
    std::string_view const number(digits.data() + first, digits.size() - first);

    std::string_view const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
    std::size_t at_least = 0;
    if (flags.precision) at_least = static_cast<std::size_t>(*flags.precision);
    else if (flags.zero && !flags.minus) at_least = width - std::min(sign.size(), width);
    auto const zeros = at_least - std::min(at_least, number.size());

    std::string_view prefix;
    if (flags.sharp && base == 2) prefix = "0b";
    if (flags.sharp && base == 16) prefix = verb == 'X' ? "0X" : "0x";
    if (flags.sharp && base == 8 && zeros == 0 && number.front() != '0') prefix = "0";
    if (verb == 'O') prefix = prefix.empty() ? "0o" : "0o0";

    auto const len = sign.size() + prefix.size() + zeros + number.size();
    pad_before(len, false);
    out_.write(sign);
    out_.write(prefix);
    out_.fill(zeros, '0');
    out_.write(number);
    pad_after(len);
}

// %U: U+0041, with # also U+0041 'A'.
void formatter::write_code_point(std::uint64_t code) {
    std::size_t const at_least = std::max<std::size_t>(4, static_cast<std::size_t>(flags.precision.value_or(0)));
    text_sink digits(16);
    for (int shift = 60; shift >= 0; shift -= 4)
        if (code >> shift != 0 || shift == 0) digits.write(upper_digits[code >> shift & 0xF]);
    auto const number = digits.view();
    auto const zeros = at_least - std::min(at_least, number.size());
    bool const shown = flags.sharp && code <= 0x10FFFF && is_printable(static_cast<char32_t>(code));
    auto const len = 2 + zeros + number.size() + (shown ? 4 : 0);
    pad_before(len, false);
    out_.write("U+");
    out_.fill(zeros, '0');
    out_.write(number);
    if (shown) {
        out_.write(" '");
        out_.write_rune(static_cast<char32_t>(code));
        out_.write('\'');
    }
    pad_after(len);
}

void formatter::write_real(double number, std::string_view exact, value const& v, char32_t verb) {
    switch (verb) {
        case 'v': return write_float(number, exact, 'g', shortest);
        case 'b':
        case 'g':
        case 'G':
        case 'x':
        case 'X': return write_float(number, {}, static_cast<char>(verb), shortest);
        case 'e':
        case 'E':
        case 'f': return write_float(number, {}, static_cast<char>(verb), 6);
        case 'F': return write_float(number, {}, 'f', 6);
        default: write_bad_verb(v, verb);
    }
}

// `exact`: the digits to print when nothing about the form was asked.
void formatter::write_float(double number, std::string_view exact, char verb, int precision) {
    precision = flags.precision.value_or(precision);
    bool const as_written = !exact.empty() && !flags.precision && !flags.sharp;
    if (!as_written) out_.toil(static_cast<std::size_t>(std::clamp(precision, 0, longest_fraction)));
    auto const text = as_written ? base::secret_text(exact) : float_text(number, verb, precision);
    bool const negative = text.view().starts_with('-');
    auto body = text.view().substr(negative ? 1 : 0);
    base::secret_text pointed;
    if (flags.sharp && verb != 'b') {
        pointed = with_point(body, verb, precision);
        body = pointed.view();
    }
    std::string_view const sign = negative ? "-" : flags.plus ? "+" : flags.space ? " " : "";
    auto const len = sign.size() + body.size();
    if (flags.zero) out_.write(sign);  // zeros come between sign and digits
    pad_before(len, true);
    if (!flags.zero) out_.write(sign);
    out_.write(body);
    pad_after(len);
}

void formatter::write_complex(std::complex<double> number, value const& v, char32_t verb) {
    if (!std::u32string_view{U"vbgGxXfFeE"}.contains(verb)) return write_bad_verb(v, verb);
    out_.write('(');
    write_real(number.real(), {}, v, verb);
    auto const plus = std::exchange(flags.plus, true);
    write_real(number.imag(), {}, v, verb);
    flags.plus = plus;
    out_.write("i)");
}

void formatter::write_text(std::string_view text, value const& v, char32_t verb) {
    switch (verb) {
        case 'v': return flags.go_syntax ? write_quoted_text(text) : pad(truncated(text));
        case 's': return pad(truncated(text));
        case 'q': return write_quoted_text(text);
        case 'x': return write_hex_text(text, lower_digits);
        case 'X': return write_hex_text(text, upper_digits);
        default: write_bad_verb(v, verb);
    }
}

void formatter::write_quoted_text(std::string_view text) {
    text = truncated(text);
    text_sink quoted(out_.room());
    if (flags.sharp && can_be_raw(text)) {
        quoted.write('`');
        quoted.write(text);
        quoted.write('`');
    } else {
        write_quoted(quoted, text, flags.plus ? quoting::ascii : quoting::unicode);
    }
    if (quoted.overflowed()) out_.write(quoted);
    else pad(quoted.view());
}

void formatter::write_hex_text(std::string_view text, std::string_view digits) {
    if (flags.precision) text = text.substr(0, static_cast<std::size_t>(*flags.precision));
    // Go pads nothing to the full width in either direction, zeros included.
    if (text.empty()) return out_.fill(static_cast<std::size_t>(flags.width.value_or(0)), flags.zero && !flags.minus ? '0' : ' ');
    std::string_view const prefix = !flags.sharp ? "" : digits == upper_digits ? "0X" : "0x";
    auto const prefixes = flags.space ? text.size() : 1;
    auto const len = 2 * text.size() + prefixes * prefix.size() + (flags.space ? text.size() - 1 : 0);
    pad_before(len, true);
    out_.write(prefix);
    for (std::size_t i = 0; i < text.size() && !out_.overflowed(); ++i) {
        if (flags.space && i > 0) {
            out_.write(' ');
            out_.write(prefix);
        }
        auto const byte = static_cast<unsigned char>(text[i]);
        out_.write(digits[byte >> 4]);
        out_.write(digits[byte & 0xF]);
    }
    pad_after(len);
}

}  // namespace vsecm::gotmpl
