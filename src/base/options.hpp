// Command-line options by a table: one row an option. Values are views of the arguments, never copies, because some of
// them are secrets; errors name options and positions, never values.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace vsecm::base {

enum class option_kind {
    flag,    // takes no value
    single,  // takes a value, given once at most
    list,    // takes a value, may be repeated
};

struct option_row {
    char letter;             // '\0': none
    std::string_view name;   // without dashes; never empty
    option_kind kind;
    int id;                  // the caller's own number for it
    std::string_view value{};  // what its value is called: NAME, FILE, DIR, or the words to choose from: text|json
    std::string_view doc{};    // for people; lines are broken here. Empty: an option that help does not show
};

struct given_option {
    int id;
    std::string_view value;  // empty for a flag
};

struct parsed_options {
    std::vector<given_option> options;      // in the order given
    std::vector<std::string_view> words;    // what belongs to no option
    bool has(int id) const noexcept;
    std::string_view value(int id) const noexcept;  // of a single option; empty if it was not given
    std::vector<std::string_view> values(int id) const;
};

// `--name value`, `--name=value`, `-n value`, `-n=value`, clusters of letters of which the last may take a value (`-le`,
// `-dw name`), and `--`, after which everything is a word. A value is whatever follows its option, dashes or not. A lone
// `-` is a word. errc::invalid with a sentence.
result<parsed_options> parse_options(std::span<std::string_view const> arguments, std::span<option_row const> table);

}  // namespace vsecm::base
