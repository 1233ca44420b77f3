// The built-in functions: the only ones there are.
#pragma once

#include "gotmpl/workspace.hpp"
#include "gotmpl/value.hpp"

#include <span>

namespace vsecm::gotmpl {

// What a parameter does to an argument.
enum class parameter : std::uint8_t {
    plain,  // Go's `any`: taken out of its box
    as_is,  // Go's reflect.Value: the box, and that nil has none, is seen
    text,   // must be a text
};

using arguments = std::span<value const>;

struct function {
    std::string_view name;
    std::size_t num_fixed;  // parameters; of a variadic one those that must be there
    bool is_variadic;
    parameter first, others;
    // Errors hold types and never values. Null for `and`, `or` and `call`, which see more than their arguments: exec.cpp.
    base::result<value> (*run)(workspace& work, arguments args);
};

// Null if there is none of that name.
function const* find_function(std::string_view name) noexcept;

}  // namespace vsecm::gotmpl
