// A list of flat maps written in YAML, as people keep such lists in files.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vsecm::codec {

// Bytes of all values, and 64 for each: a file of a mebibyte can repeat a value by aliases until no memory is left.
inline constexpr std::size_t max_values_len = 16U << 20;

struct yaml_field {
    std::string name;
    std::vector<base::secret_text> values;  // one for a scalar; each of a list
    unsigned line = 0;                      // from 1
};

struct yaml_item {
    std::vector<yaml_field> fields;  // in the file's order; names are distinct
    unsigned line = 0;
};

// Scalars come as they are written, whatever YAML takes them for (`true`, `0644`, a date). errc::invalid with line and column
// for what is no YAML, and for what is no list of maps of scalars and lists of scalars; more than one document, and a
// name given twice; errc::too_large beyond max_values_len. An error never repeats a value.
//
// Made of yaml-cpp, which keeps what it reads in ordinary strings: the allocator is told to overwrite what is freed meanwhile
// (M_PERTURB, for the rest of the process). Not for servers: for commands that end soon.
base::result<std::vector<yaml_item>> read_yaml_list(std::string_view text);

}  // namespace vsecm::codec
