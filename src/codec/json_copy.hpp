// A parsed value written again: for documents of which only a part is changed.
#pragma once

#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::codec {

// Numbers digit for digit, members in their order, duplicates included. As deep as the reader's limit allows.
void copy_json(json_writer& out, json_value value);

}  // namespace vsecm::codec
