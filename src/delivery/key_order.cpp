#include "delivery/key_order.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/unicode.hpp"

#include <algorithm>

namespace vsecm::delivery {
namespace {

using gotmpl::is_digit, gotmpl::is_letter;
using runes = gotmpl::wiping_vector<char32_t>;

struct entry {
    runes name;
    gotmpl::member const* of;
};

runes runes_of(std::string_view text) {
    runes out;
    out.reserve(text.size());
    while (!text.empty()) {
        auto const next = codec::decode_rune(text);
        out.push_back(next.code);
        text.remove_prefix(next.len);
    }
    return out;
}

// The run of digits from `at` on, read behind a `first` digit; `at` ends behind it. Of a long run the last 64 bits, as in Go.
std::int64_t number_at(runes const& name, std::size_t& at, std::uint64_t first) {
    for (; at < name.size() && is_digit(name[at]); ++at) first = first * 10 + (name[at] - U'0');
    return static_cast<std::int64_t>(first);
}

// Whether a digit other than 0 stands before `at`, with only digits between.
bool follows_digits(runes const& name, std::size_t at) {
    while (at > 0 && is_digit(name[at - 1]))
        if (name[--at] != U'0') return true;
    return false;
}

bool is_before(entry const& left, entry const& right) {
    auto const &a = left.name, &b = right.name;
    bool after_digit = false;
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        if (a[i] == b[i]) {
            after_digit = is_digit(a[i]);
            continue;
        }
        bool const a_letter = is_letter(a[i]), b_letter = is_letter(b[i]);
        if (a_letter && b_letter) return a[i] < b[i];
        if (a_letter || b_letter) return after_digit ? a_letter : b_letter;
        // A zero that continues a number counts, one that begins it does not.
        std::uint64_t const first = (a[i] == U'0' || b[i] == U'0') && follows_digits(a, i) ? 1 : 0;
        auto a_end = i, b_end = i;
        auto const a_number = number_at(a, a_end, first), b_number = number_at(b, b_end, first);
        if (a_number != b_number) return a_number < b_number;
        if (a_end != b_end) return a_end < b_end;
        return a[i] < b[i];
    }
    return a.size() < b.size();
}

}  // namespace

std::vector<gotmpl::member const*> natural_order(gotmpl::map const& all) {
    std::vector<entry> entries;
    entries.reserve(all.len);
    for (auto const& m : all) entries.push_back({runes_of(m.name), &m});
    // Merging stays within its bounds even where the rule contradicts itself; std::sort would not.
    std::ranges::stable_sort(entries, is_before);
    std::vector<gotmpl::member const*> out;
    out.reserve(entries.size());
    for (auto const& e : entries) out.push_back(e.of);
    return out;
}

}  // namespace vsecm::delivery
