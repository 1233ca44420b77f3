// What one run of a template may use up, and the texts it makes on its way.
#pragma once

#include "base/result.hpp"
#include "gotmpl/text_sink.hpp"
#include "gotmpl/value.hpp"

#include <cstdint>
#include <deque>

namespace vsecm::gotmpl {

struct limits {
    std::size_t max_template = 1U << 20;   // bytes of the template
    std::size_t max_output = 16U << 20;    // bytes of the result
    std::size_t max_texts = 32U << 20;     // bytes of all texts that functions make during a run
    std::uint64_t max_steps = 5'000'000;   // statements, rounds of ranges, commands, arguments: about a second's worth
    // A level of the parser takes 2.2 kB of stack at most, one of the run 0.9 kB (release build).
    std::size_t max_nesting = 250;         // blocks in one another in the text, and the same of parentheses
    std::size_t max_depth = 1'000;         // templates, blocks and parentheses in one another when it runs
};

class workspace {
public:
    explicit workspace(limits const& l) : limits_(l), steps_left_(l.max_steps), texts_left_(l.max_texts) {}

    // Where a function writes its text, and how it becomes a value that lives as long as the run. errc::too_large.
    text_sink new_text() const { return text_sink(texts_left_); }
    base::result<value> keep(text_sink&& text);

    // Pays for work that is about to be done. errc::too_large once it is too much.
    base::status pay(std::uint64_t steps = 1);

private:
    limits const& limits_;
    std::uint64_t steps_left_;
    std::size_t texts_left_;
    std::deque<base::secret_text> texts_;
};

}  // namespace vsecm::gotmpl
