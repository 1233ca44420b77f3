// result<T>: a value or an error, and a type that may not be dropped.
#pragma once

#include "base/error.hpp"

#include <expected>
#include <format>
#include <utility>

namespace vsecm::base {

// A nodiscard *type*, because only that lets clang report a dropped `co_await f()`.
template <class T>
struct [[nodiscard]] result : std::expected<T, error> {
    using std::expected<T, error>::expected;
    result(std::expected<T, error>&& other) : std::expected<T, error>(std::move(other)) {}
};

using status = result<void>;

// return fail(errc::invalid, "name `{}` has a slash", name);
template <class... Args>
std::unexpected<error> fail(errc code, std::format_string<Args...> text, Args&&... args) {
    return std::unexpected(error{code, std::format(text, std::forward<Args>(args)...)});
}

// Passes an error on, with context: return pass(r, "loading store").
template <class T>
std::unexpected<error> pass(result<T>&& failed, std::string_view context) {
    return std::unexpected(std::move(failed).error().within(context));
}

}  // namespace vsecm::base
