// One text as a YAML scalar: which style yaml.v3 chooses for it, and the bytes of each style.
#pragma once

#include "gotmpl/text_sink.hpp"

namespace vsecm::delivery {

enum class scalar_style { plain, single_quoted, double_quoted, literal };

struct scalar_place {
    bool is_key = false;
    // A literal block is written four columns further in than what holds it, so the hint |4 is true of it.
    bool hint_is_true = false;
};

// A text that yaml.v3 writes in a way that reads back as another text is double quoted: a literal block that begins with an
// empty line or a tab, or with spaces where its hint is wrong; the line breaks that only Unicode and YAML 1.1 know.
scalar_style style_of(std::string_view text, scalar_place place);

// Whether a key can stand before its colon on one line; else it is written behind a `?`.
bool is_simple_key(std::string_view text) noexcept;

// All styles but literal.
void write_scalar(gotmpl::text_sink& out, std::string_view text, scalar_style style);
// `indent` columns before each line. Ends where the text ends: without a line end if the text has none.
void write_literal(gotmpl::text_sink& out, std::string_view text, std::size_t indent);

}  // namespace vsecm::delivery
