// The script of init commands, from text to blocks: contract section 3.7 in every documented spelling, but that nothing is
// ignored. What the original skips in silence (a key it does not know, a last block without `--`) is done or refused here.
#pragma once

#include "codec/yaml_list.hpp"
#include "roles/sentinel/actions.hpp"

#include <chrono>

namespace vsecm::roles::sentinel {

inline constexpr std::size_t max_script_len = 1U << 20;

struct block {
    unsigned line = 0;                        // its first one, from 1
    std::chrono::milliseconds pause{0};       // of a block that waits
    std::optional<prepared_command> command;  // put or remove; nothing: it waits
};

struct script {
    base::secret_text text;  // the blocks point into it,
    std::vector<codec::yaml_item> items;  // or into these
    std::vector<block> blocks;
};

// Lines of `key:value`, split at the first colon; `--` ends a block, the last one may go without; `exit` or `exit:true` ends
// the script. Empty lines, and lines that begin with #, do not count. The keys are the command line's letters:
//   w, n      names and namespaces, separated by commas; may be repeated
//   s, t      the secret (or a pattern, as on the command line) and its template: everything behind the colon, but for
//             white space at the end of the line
//   f, b, N, E     as -f, -b, -N, -E
//   e, d, a   as -e, -d, -a: whatever the value, but `false` is refused, because the original reads it as yes
//   sleep, wait    milliseconds; such a block does nothing else
// The same checks as on the command line, and `a` goes with no pattern: begun again, the script would add one more. Values are
// generated here, so that nothing is left to fail later. An error names line and key, never a value. errc::too_large beyond
// max_script_len.
base::result<script> parse_script(base::secret_text&& text, std::string_view generation_prefix);

// The same; or a YAML list, in which a block is a map with the same keys, a value may have several lines, and `w` and `n` may
// be lists:  [{w: [app, billing], n: default, s: "…"}]. There is no `exit`. It is told by its first line, `---` or `- …`.
base::result<script> parse_script_or_list(base::secret_text&& text, std::string_view generation_prefix);

// "put app, billing", "delete app", "wait 500 ms": names only.
std::string describe(block const& b);

}  // namespace vsecm::roles::sentinel
