// What one run of a template has used up of its limits, and the texts it has made on its way.
#pragma once

#include "base/result.hpp"
#include "gotmpl/options.hpp"
#include "gotmpl/text_sink.hpp"
#include "gotmpl/value.hpp"

#include <deque>

namespace vsecm::gotmpl {

class workspace {
public:
    explicit workspace(limits const& l) : limits_(l), steps_left_(l.max_steps), texts_left_(l.max_texts) {}

    // Where a function writes its text, and how it becomes a value that lives as long as the run. errc::too_large.
    text_sink new_text() const { return text_sink(texts_left_, steps_left_ * toil_a_step); }
    base::result<value> keep(text_sink&& text);

    // Pays for work that is about to be done. errc::too_large once it is too much.
    base::status pay(std::uint64_t steps = 1);

private:
    // A digit of a float64 at its longest takes 7 ns to make, and a step is worth some 200 ns.
    static constexpr std::uint64_t toil_a_step = 32;

    limits const& limits_;
    std::uint64_t steps_left_;
    std::size_t texts_left_;
    std::deque<base::secret_text> texts_;
};

}  // namespace vsecm::gotmpl
