// What a role tells about itself. One table gives `--help`, the man page and the shells' completion, so that they agree.
#pragma once

#include "base/options.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vsecm {

// Texts are broken into lines as they are to be shown, paragraphs by an empty line; none ends with a line break.
struct manual {
    std::string_view title;    // as it is called: "vsecm keygen"
    std::string_view summary;  // one line
    std::string_view usage;    // one line a form of the command
    std::string_view about{};
    std::span<base::option_row const> options{};
    std::string_view notes{};  // after the options
    std::string_view examples{};
    std::string_view exit_status{};
    std::span<std::string_view const> words{};  // subcommands, for completion
    std::uint32_t variables = 0;                // config::used_by of those it reads
};

// `-w, --workload NAME`; without a letter as wide as with one.
std::string option_label(base::option_row const& row);

// The text of `vsecm ROLE --help`.
std::string help_text(manual const& book);

}  // namespace vsecm
