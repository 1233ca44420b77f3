// What a YAML reader would take an unquoted text for.
#pragma once

#include <string_view>

namespace vsecm::delivery {

// Whether the text, without quotes, is read as a text by every reader: not as null, a truth value (the old words yes, no, on,
// off, y and n too), a number (in base 60 too) or a date. As yaml.v3 decides it, whose writer this is to agree with.
bool reads_as_text(std::string_view text);

}  // namespace vsecm::delivery
