#include "gotmpl/data.hpp"

#include "gotmpl/literal.hpp"

#include <algorithm>
#include <array>

namespace vsecm::gotmpl {
namespace {

value boxed(value v) {
    v.boxed = true;
    return v;
}

// The capacity of a Go slice of interfaces that grew to `len` one element at a time, as the JSON decoder's do: doubling
// first, then by a quarter and rounded up to pages; from 512 bytes on in the allocator's size classes.
std::size_t grown_capacity(std::size_t len) {
    constexpr std::array<std::size_t, 13> steps{0, 1, 2, 4, 8, 16, 32, 71, 143, 303, 591, 1023, 1535};
    constexpr std::size_t elements_a_page = 8192 / 16;
    if (auto const* step = std::ranges::lower_bound(steps, len); step != steps.end()) return *step;
    auto capacity = steps.back();
    while (capacity < len) {
        capacity += (capacity + 768) / 4;
        capacity = (capacity + elements_a_page - 1) / elements_a_page * elements_a_page;
    }
    return capacity;
}

// In the order of the names' bytes, of equal names the last. All names lie in one buffer in the order of the document.
void order_members(wiping_vector<member>& members) {
    std::ranges::sort(members, [](member const& a, member const& b) {
        return a.name != b.name ? a.name < b.name : std::less<>{}(b.name.data(), a.name.data());
    });
    auto const repeated = std::ranges::unique(members, {}, &member::name);
    members.erase(repeated.begin(), repeated.end());
}

}  // namespace

base::result<data> data::from(codec::json_value document, number_style numbers) {
    data made;
    made.root_ = made.convert(document, numbers);
    if (made.number_refused_) return base::fail(base::errc::invalid, "a number of the data is beyond the range of a float64");
    return made;
}

value data::convert_number(std::string_view digits, number_style numbers) {
    auto const number = parse_float(digits);
    number_refused_ = number_refused_ || !number;
    bool const keep = numbers == number_style::exact && digits.find_first_of(".eE") == digits.npos;
    return real{number.value_or(0), keep ? digits : std::string_view{}};
}

// Recursion: bounded by the depth limit the document was parsed with.
value data::convert(codec::json_value from, number_style numbers) {
    switch (from.kind()) {
        case codec::json_kind::null: return {};
        case codec::json_kind::boolean: return from.as_bool();
        case codec::json_kind::number: return convert_number(from.number_text(), numbers);
        case codec::json_kind::string: return from.as_string();
        case codec::json_kind::array: break;
        case codec::json_kind::object: {
            wiping_vector<member> members;
            members.reserve(from.size());
            for (auto const [name, child] : from.members()) members.push_back({name, boxed(convert(child, numbers))});
            order_members(members);
            auto const& kept = maps_.emplace_back(std::move(members));
            return map{kept.data(), kept.size()};
        }
    }
    value_list elements;
    auto const capacity = grown_capacity(from.size());
    elements.reserve(capacity);
    for (auto const child : from.elements()) elements.push_back(boxed(convert(child, numbers)));
    elements.resize(capacity, boxed({}));
    auto const& kept = lists_.emplace_back(std::move(elements));
    return list{kept.data(), from.size(), capacity};
}

}  // namespace vsecm::gotmpl
