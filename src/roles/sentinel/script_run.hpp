// Doing what a script says, a block at a time, so that doing it again changes nothing.
#pragma once

#include "roles/sentinel/script.hpp"

namespace vsecm::roles::sentinel {

struct block_report {
    std::string what;                    // "done"; "left as it is: db is there already"
    std::vector<std::string> sentences;  // safe's warnings
};

// Names only. A generated value is put only where no secret is yet: a secret that is there, perhaps from an attempt whose
// answer was lost, keeps the password its users know. errc as client::safe_client.
net::awaitable<base::result<block_report>> run_block(client::safe_client& safe, block const& b);

// How far a script has come, kept in safe, the one place that outlives a pod without a volume: a mark, which is a secret
// named name_progress whose namespaces hold the number of blocks done and a digest of what they were (names, no values).
// safe's list shows them. A script that was changed in those blocks begins anew, and so does one whose mark is deleted.
inline constexpr std::string_view name_progress = "vsecm-sentinel-init";

// The number of blocks done. An original safe does not list the mark's contents: 0.
net::awaitable<base::result<std::size_t>> read_progress(client::safe_client& safe, script const& all);
net::awaitable<base::status> keep_progress(client::safe_client& safe, script const& all, std::size_t num_done);
// The script is over. Fine if there is no mark.
net::awaitable<base::status> forget_progress(client::safe_client& safe);

}  // namespace vsecm::roles::sentinel
