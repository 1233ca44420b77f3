#include "gotmpl/value.hpp"

#include <algorithm>

namespace vsecm::gotmpl {

value const* map::find(std::string_view name) const noexcept {
    auto const* const found = std::ranges::lower_bound(begin(), end(), name, {}, &member::name);
    return found != end() && found->name == name ? &found->held : nullptr;
}

std::string_view type_name(value const& v) noexcept {
    // In the order of the alternatives.
    constexpr std::string_view names[] = {"nil", "bool", "int", "uint8", "float64", "complex128", "string",
                                          "[]interface {}", "map[string]interface {}"};
    static_assert(std::size(names) == std::variant_size_v<content>);
    return names[v.held.index()];
}

bool is_true(value const& v) noexcept {
    if (auto const* b = v.get_if<bool>()) return *b;
    if (auto const* n = v.get_if<std::int64_t>()) return *n != 0;
    if (auto const* n = v.get_if<std::uint8_t>()) return *n != 0;
    if (auto const* n = v.get_if<real>()) return n->number != 0;
    if (auto const* n = v.get_if<std::complex<double>>()) return *n != 0.0;
    if (auto const* s = v.get_if<std::string_view>()) return !s->empty();
    if (auto const* l = v.get_if<list>()) return l->len != 0;
    if (auto const* m = v.get_if<map>()) return m->len != 0;
    return false;
}

}  // namespace vsecm::gotmpl
