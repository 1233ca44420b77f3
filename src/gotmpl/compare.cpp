#include "gotmpl/compare.hpp"

#include "base/try.hpp"

#include <optional>

namespace vsecm::gotmpl {

using base::errc;
using base::fail;
using base::result;

namespace {

using arguments = std::span<value const>;

// Nil, lists and maps have no order and no equality of their own.
bool is_basic(value const& v) { return !v.is_nil() && v.get_if<list>() == nullptr && v.get_if<map>() == nullptr; }

// Go's int and uint8 compare with one another; a byte always fits.
std::optional<std::int64_t> whole(value const& v) {
    if (auto const* n = v.get_if<std::int64_t>()) return *n;
    if (auto const* n = v.get_if<std::uint8_t>()) return *n;
    return std::nullopt;
}

std::unexpected<base::error> incompatible(value const& a, value const& b) {
    return fail(errc::invalid, "incompatible types for comparison: {} and {}", type_name(a), type_name(b));
}

bool equal_of_one_type(value const& a, value const& b) {
    if (auto const* n = a.get_if<real>()) return n->number == b.get_if<real>()->number;
    if (auto const* t = a.get_if<bool>()) return *t == *b.get_if<bool>();
    if (auto const* s = a.get_if<std::string_view>()) return *s == *b.get_if<std::string_view>();
    return *a.get_if<std::complex<double>>() == *b.get_if<std::complex<double>>();
}

result<bool> equal(value const& a, value const& b) {
    bool const same_type = a.held.index() == b.held.index();
    if (is_basic(a) && is_basic(b)) {
        if (auto const m = whole(a), n = whole(b); m && n) return *m == *n;
        if (!same_type) return incompatible(a, b);
        return equal_of_one_type(a, b);
    }
    if (a.is_nil() || b.is_nil()) return a.is_nil() && b.is_nil();
    if (is_basic(a) || is_basic(b)) return incompatible(a, b);
    if (!same_type) return fail(errc::invalid, "non-comparable types {}, {}", type_name(a), type_name(b));
    return fail(errc::invalid, "non-comparable type {}", type_name(b));
}

}  // namespace

result<bool> equal_to_any(arguments args) {
    if (args.size() == 1) return fail(errc::invalid, "missing argument for comparison");
    for (auto const& other : args.subspan(1)) {
        VSECM_TRY(found, equal(args.front(), other));
        if (found) return true;
    }
    return false;
}

result<bool> not_equal(arguments args) {
    VSECM_TRY(same, equal(args[0], args[1]));
    return !same;
}

result<bool> less(arguments args) {
    auto const& a = args[0];
    auto const& b = args[1];
    if (!is_basic(a) || !is_basic(b)) return fail(errc::invalid, "invalid type for comparison");
    if (auto const m = whole(a), n = whole(b); m && n) return *m < *n;
    if (a.held.index() != b.held.index()) return incompatible(a, b);
    if (auto const* n = a.get_if<real>()) return n->number < b.get_if<real>()->number;
    if (auto const* s = a.get_if<std::string_view>()) return *s < *b.get_if<std::string_view>();
    return fail(errc::invalid, "invalid type for comparison");
}

result<bool> not_greater(arguments args) {
    VSECM_TRY(is_less, less(args));
    if (is_less) return true;
    return equal(args[0], args[1]);
}

result<bool> greater(arguments args) {
    VSECM_TRY(is_not, not_greater(args));
    return !is_not;
}

result<bool> not_less(arguments args) {
    VSECM_TRY(is_less, less(args));
    return !is_less;
}

}  // namespace vsecm::gotmpl
