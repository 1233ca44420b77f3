// PCRE2 with match limits and without JIT, held to what Go's regexp has: RE2 itself, with Abseil, costs 0.7 MB of the
// binary's 12.
#include "spiffe/id_pattern.hpp"

#include "spiffe/go_syntax.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace vsecm::spiffe {
namespace {

// Steps of one match. IDs are at most 2,048 bytes and patterns come from the operator; a pattern that needs more than this
// for one of them matches nothing.
constexpr std::uint32_t max_steps = 100'000;

struct code_deleter {
    void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};
struct match_deleter {
    void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};
struct context_deleter {
    void operator()(pcre2_match_context* context) const noexcept { pcre2_match_context_free(context); }
};

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string message_of(int number) {
    std::array<PCRE2_UCHAR, 200> text{};
    pcre2_get_error_message(number, text.data(), text.size());
    return reinterpret_cast<char const*>(text.data());
}

}  // namespace

struct id_pattern::compiled {
    std::unique_ptr<pcre2_code, code_deleter> code;
    std::unique_ptr<pcre2_match_context, context_deleter> limits;  // only read by a match, so threads share it

    // Number of groups set, 0 or less if there is no match (or the limits were reached).
    int match(std::string_view id, pcre2_match_data* into) const { return pcre2_match(code.get(), units(id), id.size(), 0, 0, into, limits.get()); }
};

id_pattern::id_pattern(std::unique_ptr<compiled> c) : compiled_(std::move(c)) {}
id_pattern::id_pattern(id_pattern&&) noexcept = default;
id_pattern& id_pattern::operator=(id_pattern&&) noexcept = default;
id_pattern::~id_pattern() = default;

base::result<id_pattern> id_pattern::compile(std::string_view variable, std::string_view expression) {
    auto const problem = [&](std::string_view what) {
        return base::fail(base::errc::invalid, "{}: '{}' is not a regular expression: {}", variable, expression, what);
    };
    if (auto const go = check_go_syntax(expression); !go) return problem(go.error().what);
    int number = 0;
    PCRE2_SIZE offset = 0;
    auto made = std::make_unique<compiled>();
    // As Go: `$` is the end of the text, not also a place before a last line feed.
    made->code.reset(pcre2_compile(units(expression), expression.size(), PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &number, &offset, nullptr));
    if (!made->code) return problem(message_of(number) + ", at offset " + std::to_string(offset));
    made->limits.reset(pcre2_match_context_create(nullptr));
    if (!made->limits) return base::fail(base::errc::internal, "out of memory");
    pcre2_set_match_limit(made->limits.get(), max_steps);
    pcre2_set_depth_limit(made->limits.get(), max_steps);
    return id_pattern(std::move(made));
}

bool id_pattern::matches(std::string_view id) const {
    std::unique_ptr<pcre2_match_data, match_deleter> const found(pcre2_match_data_create(1, nullptr));
    return found && compiled_->match(id, found.get()) >= 0;
}

bool id_pattern::first_group(std::string_view id, std::string& group) const {
    std::unique_ptr<pcre2_match_data, match_deleter> const found(pcre2_match_data_create(2, nullptr));
    if (!found) return false;
    auto const num_set = compiled_->match(id, found.get());
    if (num_set < 0) return false;
    auto const* const ends = pcre2_get_ovector_pointer(found.get());
    // 1: the whole match only, the group took no part in it. 0: more groups than asked for, these two are set.
    group = num_set == 1 || ends[2] == PCRE2_UNSET ? std::string{} : std::string(id.substr(ends[2], ends[3] - ends[2]));
    return true;
}

int id_pattern::num_groups() const {
    std::uint32_t number = 0;
    pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_CAPTURECOUNT, &number);
    return static_cast<int>(number);
}

}  // namespace vsecm::spiffe
