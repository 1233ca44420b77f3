// What a regular expression may be made of: Go's syntax (RE2), as package regexp/syntax documents it.
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace vsecm::spiffe {

// Refuses what PCRE2 understands and Go does not, or understands differently: such a pattern would let in other callers
// here than in the original. Lookaround, atomic and recursive groups, verbs, callouts, backreferences, possessive and
// repeated quantifiers, counts above 1,000, escapes that Go does not have. Stricter than Go in what nobody needs for a
// SPIFFE ID: a literal `{` must be escaped, and `\v` and octal escapes but `\0` are refused. It does not find every
// mistake; what it lets pass is still to be compiled.
// errc::invalid with what is wrong, without the expression.
base::status check_go_syntax(std::string_view expression);

}  // namespace vsecm::spiffe
