#include "spiffe/id_pattern.hpp"

#include <re2/re2.h>

namespace vsecm::spiffe {
namespace {

RE2::Options quiet() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    return options;
}

// Debian's Abseil has a string_view of its own.
absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct id_pattern::compiled {
    explicit compiled(std::string_view expression) : expression_(view(expression), quiet()) {}
    RE2 expression_;
};

id_pattern::id_pattern(std::unique_ptr<compiled> c) : compiled_(std::move(c)) {}
id_pattern::id_pattern(id_pattern&&) noexcept = default;
id_pattern& id_pattern::operator=(id_pattern&&) noexcept = default;
id_pattern::~id_pattern() = default;

base::result<id_pattern> id_pattern::compile(std::string_view variable, std::string_view expression) {
    auto made = std::make_unique<compiled>(expression);
    if (!made->expression_.ok())
        return base::fail(base::errc::invalid, "{}: '{}' is not a regular expression: {}", variable, expression,
                          made->expression_.error());
    return id_pattern(std::move(made));
}

bool id_pattern::matches(std::string_view id) const { return RE2::PartialMatch(view(id), compiled_->expression_); }
bool id_pattern::first_group(std::string_view id, std::string& group) const {
    return RE2::PartialMatch(view(id), compiled_->expression_, &group);
}
int id_pattern::num_groups() const { return compiled_->expression_.NumberOfCapturingGroups(); }

}  // namespace vsecm::spiffe
