#include "gotmpl/float_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace vsecm::gotmpl {
namespace {

using base::secret_text;

constexpr std::size_t longest_whole = 310;

void append_zeros(secret_text& out, long num) {
    for (; num > 0; --num) out.push_back('0');
}

// Sign, at least two digits.
void append_exponent(secret_text& out, int exponent) {
    out.push_back(exponent < 0 ? '-' : '+');
    exponent = std::abs(exponent);
    if (exponent < 10) out.push_back('0');
    char digits[4];
    auto const* const end = std::to_chars(digits, digits + sizeof digits, exponent).ptr;
    out.append(std::string_view(digits, end));
}

secret_text convert(double number, std::chars_format format, int precision) {
    secret_text out;
    out.resize(longest_whole + static_cast<std::size_t>(std::max(precision, 0)));
    auto const done = precision == shortest ? std::to_chars(out.data(), out.data() + out.size(), number, format)
                                            : std::to_chars(out.data(), out.data() + out.size(), number, format, precision);
    out.resize(static_cast<std::size_t>(done.ptr - out.data()));
    return out;
}

secret_text fixed(double number, int precision) {
    auto out = convert(number, std::chars_format::fixed, std::min(precision, longest_fraction));
    append_zeros(out, precision - longest_fraction);
    return out;
}

secret_text scientific(double number, char mark, int precision) {
    auto const plain = convert(number, std::chars_format::scientific, std::min(precision, longest_number - 1));
    auto const at = plain.view().find('e');
    secret_text out(plain.view().substr(0, at));
    append_zeros(out, precision - (longest_number - 1));
    out.push_back(mark);
    out.append(plain.view().substr(at + 1));
    return out;
}

// %g: the exponent form below 1e-4 and from 10^precision on, or from 1e6 on when the digits are the shortest.
secret_text general(double number, char mark, int precision) {
    if (precision == 0) precision = 1;
    auto const last_digit = precision == shortest ? shortest : std::min(precision, longest_number) - 1;
    auto const plain = convert(number, std::chars_format::scientific, last_digit);
    auto text = plain.view();
    secret_text out;
    if (text.starts_with('-')) {
        out.push_back('-');
        text.remove_prefix(1);
    }
    auto const at = text.find('e');
    secret_text digits;  // d.ddd without the point and the zeros at its end
    digits.push_back(text[0]);
    if (at > 1) digits.append(text.substr(2, at - 2));
    while (digits.size() > 1 && digits.view().ends_with('0')) digits.resize(digits.size() - 1);
    auto exponent_text = text.substr(at + 1);
    int exponent = 0;
    if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
    std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

    auto const all = digits.view();
    if (exponent < -4 || exponent >= (precision == shortest ? 6 : precision)) {
        out.push_back(all[0]);
        if (all.size() > 1) out.push_back('.');
        out.append(all.substr(1));
        out.push_back(mark);
        append_exponent(out, exponent);
    } else if (exponent < 0) {
        out.append(std::string_view{"0."});
        append_zeros(out, -exponent - 1);
        out.append(all);
    } else {
        auto const whole = static_cast<std::size_t>(exponent) + 1;
        out.append(all.substr(0, whole));
        append_zeros(out, static_cast<long>(whole) - static_cast<long>(all.size()));
        if (all.size() > whole) {
            out.push_back('.');
            out.append(all.substr(whole));
        }
    }
    return out;
}

// number = mantissa × 2^exponent, with a whole mantissa.
struct binary {
    bool negative;
    std::uint64_t mantissa;
    int exponent;
};

binary split(double number) {
    auto const bits = std::bit_cast<std::uint64_t>(number);
    auto const raw_exponent = static_cast<int>(bits >> 52 & 0x7FF);
    auto const fraction = bits & ((std::uint64_t{1} << 52) - 1);
    return {bits >> 63 != 0, raw_exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52, std::max(raw_exponent, 1) - 1075};
}

// %b: 4503599627370496p-52
secret_text binary_text(double number) {
    auto const [negative, mantissa, exponent] = split(number);
    char digits[24];
    secret_text out;
    if (negative) out.push_back('-');
    out.append(std::string_view(digits, std::to_chars(digits, digits + sizeof digits, mantissa).ptr));
    out.push_back('p');
    if (exponent >= 0) out.push_back('+');
    out.append(std::string_view(digits, std::to_chars(digits, digits + sizeof digits, exponent).ptr));
    return out;
}

// %x: 0x1.8p+01. The leading digit is 1 but for zero; rounding is to even.
secret_text hex_text(double number, char verb, int precision) {
    constexpr int fraction_digits = 15;
    constexpr auto one = std::uint64_t{1} << 4 * fraction_digits;
    auto [negative, mantissa, exponent] = split(number);
    exponent = mantissa == 0 ? 0 : exponent + 4 * fraction_digits;
    for (; mantissa != 0 && mantissa < one; mantissa <<= 1) --exponent;
    if (precision >= 0 && precision < fraction_digits) {
        auto const unit = std::uint64_t{1} << 4 * (fraction_digits - precision);
        auto const extra = mantissa % unit;
        mantissa -= extra;
        bool const is_odd = (mantissa / unit & 1) != 0;
        if (extra > unit / 2 || (extra == unit / 2 && is_odd)) mantissa += unit;
        if (mantissa >= 2 * one) {
            mantissa >>= 1;
            ++exponent;
        }
    }
    std::string_view const digits = verb == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    secret_text out;
    if (negative) out.push_back('-');
    out.push_back('0');
    out.push_back(verb);
    out.push_back(mantissa >= one ? '1' : '0');
    auto rest = mantissa % one;
    if (precision == shortest ? rest != 0 : precision > 0) out.push_back('.');
    for (int i = 0; precision == shortest ? rest != 0 : i < std::min(precision, fraction_digits); ++i) {
        rest <<= 4;
        out.push_back(digits[rest >> 4 * fraction_digits]);
        rest %= one;
    }
    append_zeros(out, precision - fraction_digits);
    out.push_back(verb == 'x' ? 'p' : 'P');
    append_exponent(out, exponent);
    return out;
}

}  // namespace

secret_text float_text(double number, char verb, int precision) {
    switch (verb) {
        case 'e':
        case 'E': return scientific(number, verb, precision);
        case 'f': return fixed(number, precision);
        case 'b': return binary_text(number);
        case 'x':
        case 'X': return hex_text(number, verb, precision);
        default: return general(number, verb == 'G' ? 'E' : 'e', precision);
    }
}

}  // namespace vsecm::gotmpl
