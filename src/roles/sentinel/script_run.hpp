// Doing what a script says, a block at a time, so that doing it again changes nothing.
#pragma once

#include "roles/sentinel/script.hpp"

namespace vsecm::roles::sentinel {

struct block_report {
    std::string what;                    // "done"; "left as it is: db is there already"
    std::vector<std::string> sentences;  // safe's warnings
};

// What an original safe would silently ignore in any block is refused before the first is begun: errc::unsupported.
net::awaitable<base::status> check_server(client::safe_client& safe, script const& all);

// Names only. A generated value is put only where no secret is yet: a secret that is there, perhaps from an attempt whose
// answer was lost, keeps the password its users know. Of two that do so at the same time, ours lets one through; an original
// safe has no such guard. What expired counts as none; errc::storage if safe cannot open what is there. Else errc as
// client::safe_client.
net::awaitable<base::result<block_report>> run_block(client::safe_client& safe, block const& b);

// How far a script has come, kept in safe, the one place that outlives a pod without a volume: a mark, which is a secret
// named name_progress whose namespaces hold the number of blocks done and a digest of all they say. safe's list shows them.
// A script that was changed in those blocks begins anew, and so does one whose mark is deleted.
//
// Of values and patterns only 16 bits go into the digest, of one hash over all of them together. A list that falls into the
// wrong hands is then good for testing a guess of all at once, which is no use while one of them is beyond guessing; and a
// wrong guess passes once in 65,536, as a script does in which nothing but values was changed. Who may ask for the list is
// sentinel, and has the script. (A key would not last: nothing that sentinel has outlives its pod.)
inline constexpr std::string_view name_progress = "vsecm-sentinel-init";

// What the mark's namespaces are after the first `num_done` blocks.
std::vector<std::string> marks_of(script const& all, std::size_t num_done);

// The number of blocks done. An original safe does not list the mark's contents: 0.
net::awaitable<base::result<std::size_t>> read_progress(client::safe_client& safe, script const& all);
net::awaitable<base::status> keep_progress(client::safe_client& safe, script const& all, std::size_t num_done);
// The script is over. Fine if there is no mark.
net::awaitable<base::status> forget_progress(client::safe_client& safe);

}  // namespace vsecm::roles::sentinel
