// How a template is to be rendered, and how much a rendering may use up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vsecm::gotmpl {

enum class number_style {
    exact,  // an integer that JSON wrote as an integer is printed with the digits JSON wrote
    go,     // every number is printed as Go prints a float64: 1234567 is 1.234567e+06
};

struct limits {
    std::size_t max_template = 1U << 20;   // bytes of the template
    std::size_t max_output = 16U << 20;    // bytes of the result
    std::size_t max_texts = 32U << 20;     // bytes of all texts that functions make during a run
    std::uint64_t max_steps = 5'000'000;   // statements, rounds of ranges, commands, arguments: about a second's worth
    // A level of the parser takes 2.2 kB of stack at most, one of the run 0.9 kB (release build).
    std::size_t max_nesting = 250;         // blocks in one another in the text, and the same of parentheses
    std::size_t max_depth = 1'000;         // templates, blocks and parentheses in one another when it runs
};

struct render_options {
    std::string_view name = "secret";  // of the template, in messages; the original's
    number_style numbers = number_style::exact;
    limits bounds{};
};

}  // namespace vsecm::gotmpl
