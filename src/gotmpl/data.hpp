// A JSON document as values: what Go's encoding/json would have made of it.
#pragma once

#include "base/result.hpp"
#include "codec/json_reader.hpp"
#include "gotmpl/options.hpp"
#include "gotmpl/value.hpp"

#include <deque>

namespace vsecm::gotmpl {

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
