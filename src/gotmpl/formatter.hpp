// One value under one verb: %-8.3f and the like. Go's fmt is the model, with its texts for a verb that does not fit.
#pragma once

#include "gotmpl/text_sink.hpp"
#include "gotmpl/value.hpp"

#include <optional>

namespace vsecm::gotmpl {

// What stands between the % and the verb.
struct format_flags {
    bool minus = false, plus = false, sharp = false, space = false, zero = false;
    bool go_syntax = false;  // %#v
    std::optional<int> width, precision;
};

class formatter {
public:
    explicit formatter(text_sink& out) : out_(out) {}

    // An argument. Lists and maps apply verb and flags to what they hold. Recursion: as deep as the data.
    void write(value const& v, char32_t verb);

    format_flags flags;

private:
    void write_held(value const& v, char32_t verb);
    void write_bad_verb(value const& v, char32_t verb);
    template <class Container>
    void write_container(value const& v, Container const& all, std::string_view open, char32_t verb);
    void write_element(value const& v, char32_t verb) { write_held(v, verb); }
    void write_element(member const& m, char32_t verb);

    void write_boolean(bool b, value const& v, char32_t verb);
    void write_integer(std::uint64_t bits, bool is_signed, value const& v, char32_t verb);
    void write_digits(std::uint64_t bits, bool is_signed, unsigned base, char32_t verb);
    void write_code_point(std::uint64_t code);
    void write_real(double number, std::string_view exact, value const& v, char32_t verb);
    void write_float(double number, std::string_view exact, char verb, int precision);
    void write_complex(std::complex<double> number, value const& v, char32_t verb);
    void write_text(std::string_view text, value const& v, char32_t verb);
    void write_quoted_text(std::string_view text);
    void write_hex_text(std::string_view text, std::string_view digits);

    void pad(std::string_view text);
    // The padding that belongs before or after a text of that many runes; zeros only where the flag may speak.
    void pad_before(std::size_t num_runes, bool zeros_allowed);
    void pad_after(std::size_t num_runes);
    std::string_view truncated(std::string_view text) const;

    text_sink& out_;
};

}  // namespace vsecm::gotmpl
