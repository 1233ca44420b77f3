// A JSON document as values: what Go's encoding/json would have made of it.
#pragma once

#include "base/result.hpp"
#include "codec/json_reader.hpp"
#include "gotmpl/value.hpp"

#include <deque>

namespace vsecm::gotmpl {

enum class number_style {
    exact,  // an integer that JSON wrote as an integer is printed with the digits JSON wrote
    go,     // every number is printed as Go prints a float64: 1234567 is 1.234567e+06
};

// Owns the elements and members of the tree; texts and digits stay in the JSON document, which must live as long.
class data {
public:
    // errc::invalid for a number that is beyond float64.
    static base::result<data> from(codec::json_value document, number_style numbers);
    data(data&&) noexcept = default;

    value const& root() const noexcept { return root_; }

private:
    data() = default;
    value convert(codec::json_value from, number_style numbers);
    value convert_number(std::string_view digits, number_style numbers);

    std::deque<value_list> lists_;
    std::deque<wiping_vector<member>> maps_;
    value root_;
    bool number_refused_ = false;
};

}  // namespace vsecm::gotmpl
