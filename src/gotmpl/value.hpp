// What a template computes with: JSON's types and those that only literals and built-in functions make.
#pragma once

#include "base/wiping_allocator.hpp"

#include <complex>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace vsecm::gotmpl {

struct value;
struct member;

// A number of the data, Go's float64. `digits`: how JSON wrote it, if it wrote an integer and integers are to be printed
// exactly; otherwise empty.
struct real {
    double number = 0;
    std::string_view digits;
};

// Go's []interface {}: beyond its elements lie nil ones, up to `capacity`, which the function `slice` can reach.
struct list {
    value const* first = nullptr;
    std::size_t len = 0;
    std::size_t capacity = 0;

    value const* begin() const noexcept { return first; }
    value const* end() const noexcept;
};

// Go's map[string]interface {}: names once each, in the order of their bytes.
struct map {
    member const* first = nullptr;
    std::size_t len = 0;

    member const* begin() const noexcept { return first; }
    member const* end() const noexcept;
    value const* find(std::string_view name) const noexcept;  // null if absent
};

// nil, bool, int, uint8 (a byte of a text), float64, complex128, string, list, map
using content =
    std::variant<std::monostate, bool, std::int64_t, std::uint8_t, real, std::complex<double>, std::string_view, list, map>;

template <class T, class Variant>
constexpr bool is_alternative = false;
template <class T, class... Alternatives>
constexpr bool is_alternative<T, std::variant<Alternatives...>> = (std::is_same_v<T, Alternatives> || ...);

// A value owns nothing: its text, elements and members belong to the data, the template or the run's texts.
struct value {
    content held;
    // Go's reflect sees elements and members as `interface {}` and looks inside later: some messages, and what nil is
    // called, depend on it.
    bool boxed = false;

    value() = default;
    template <class T>
        requires is_alternative<T, content>
    value(T v) : held(v) {}

    bool is_nil() const noexcept { return std::holds_alternative<std::monostate>(held); }
    template <class T>
    T const* get_if() const noexcept {
        return std::get_if<T>(&held);
    }
    // The same without the box.
    value unboxed() const {
        value bare = *this;
        bare.boxed = false;
        return bare;
    }
};

struct member {
    std::string_view name;
    value held;
};

inline value const* list::end() const noexcept { return first + len; }
inline member const* map::end() const noexcept { return first + len; }

template <class T>
using wiping_vector = std::vector<T, base::wiping_allocator<T>>;
using value_list = wiping_vector<value>;

// As Go writes the type: "map[string]interface {}". Of nil: "nil".
std::string_view type_name(value const& v) noexcept;
// What `if` takes for true: not zero, not empty, not nil.
bool is_true(value const& v) noexcept;

}  // namespace vsecm::gotmpl
