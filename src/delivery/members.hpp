// A secret that is a JSON object, taken apart: for those to whom each of its members is a thing of its own.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <string>
#include <vector>

namespace vsecm::delivery {

inline constexpr std::size_t most_members = 1'000;

struct member {
    std::string name;        // no secret, but no word for an error either: it comes with one
    base::secret_text text;  // a string decoded, null nothing, anything else as JSON
};

// In the order of their first appearance; of several of one name the last counts. errc::invalid if `value` is no JSON object
// or has more than `most_members`.
base::result<std::vector<member>> members_of(base::byte_view value);

// The same as variables of an environment: `prefix` and the member's name, its letters in upper case, `-` and `.` as `_`.
// errc::invalid, with the member's position, if that is no name ([A-Z_][A-Z0-9_]*), or the name of two; if the text has a NUL
// byte; or if the name decides what a program is rather than what it knows (deciding_names.hpp).
base::result<std::vector<member>> variables_of(base::byte_view value, std::string_view prefix = {});

// [A-Za-z_][A-Za-z0-9_]*, and none of those that decide what a program is. errc::invalid with what is wrong.
base::status check_variable_name(std::string_view name);

}  // namespace vsecm::delivery
