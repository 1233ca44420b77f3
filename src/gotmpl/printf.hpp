// fmt.Sprint, Sprintln and Sprintf.
#pragma once

#include "gotmpl/text_sink.hpp"
#include "gotmpl/value.hpp"

#include <span>

namespace vsecm::gotmpl {

void print(text_sink& out, std::span<value const> arguments);    // spaces where neither neighbour is a text
void print_line(text_sink& out, std::span<value const> arguments);
// A format that does not fit its arguments is told in the output, as Go does: %!d(string=a), %!s(MISSING).
void print_formatted(text_sink& out, std::string_view format, std::span<value const> arguments);

}  // namespace vsecm::gotmpl
