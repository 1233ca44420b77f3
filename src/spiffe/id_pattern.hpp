// A Go regular expression over SPIFFE IDs. The one file that knows the regular expression library.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace vsecm::spiffe {

// Compiled once; a match is bounded in steps, and one that exceeds them is none. Constructs Go does not have are refused.
// Thread-safe.
class id_pattern {
public:
    // errc::invalid naming `variable` and what is wrong with `expression`.
    static base::result<id_pattern> compile(std::string_view variable, std::string_view expression);
    id_pattern(id_pattern&&) noexcept;
    id_pattern& operator=(id_pattern&&) noexcept;
    ~id_pattern();

    bool matches(std::string_view id) const;  // somewhere in it, unless the expression is anchored
    // The text of group 1; false if there is no match.
    bool first_group(std::string_view id, std::string& group) const;
    int num_groups() const;

private:
    struct compiled;
    explicit id_pattern(std::unique_ptr<compiled> c);
    std::unique_ptr<compiled> compiled_;
};

}  // namespace vsecm::spiffe
