// Text made harmless for where it goes: the functions html, js and urlquery.
#pragma once

#include "gotmpl/text_sink.hpp"

namespace vsecm::gotmpl {

void write_html(text_sink& out, std::string_view text);
void write_js(text_sink& out, std::string_view text);         // for between quotes in JavaScript
void write_url_query(text_sink& out, std::string_view text);  // application/x-www-form-urlencoded

}  // namespace vsecm::gotmpl
