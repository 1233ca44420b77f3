// Text written as a Go literal, as strconv.Quote and its relatives write it.
#pragma once

#include "gotmpl/text_sink.hpp"

#include <string>

namespace vsecm::gotmpl {

enum class quoting { unicode, ascii };  // ascii: whatever is not ASCII is escaped too

void write_quoted(text_sink& out, std::string_view text, quoting how = quoting::unicode);       // "…"
void write_quoted_rune(text_sink& out, char32_t code, quoting how = quoting::unicode);          // '…'
bool can_be_raw(std::string_view text) noexcept;  // `…` needs no escapes and would not hide anything

std::string quoted(std::string_view text);  // for messages: never of data
std::string named_rune(char32_t code);       // U+0041 'A', for messages
std::string shortened(std::string_view text);  // for messages: a name or a node may be as long as the template

}  // namespace vsecm::gotmpl
