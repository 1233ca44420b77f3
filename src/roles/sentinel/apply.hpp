// sentinel apply: a script by hand.
#pragma once

#include "api/secret.hpp"
#include "gotmpl/options.hpp"
#include "roles/sentinel/script.hpp"

#include <functional>

namespace vsecm::roles::sentinel {

// What became of a block: "done", "failed", "left as it is: …"; with --dry-run what the workload would receive, or empty.
struct block_news {
    unsigned line = 0;
    std::string what;  // describe()
    std::string outcome{};
    std::vector<std::string> warnings{};
};
using teller = std::function<void(block_news const&)>;

// "line 3: put app: done", or an object with the same; without the line's end.
std::string told(block_news const& news, output_shape shape);

// Does the blocks in order and tells of each when it is over; stops at the first that fails, whose exit status is the
// outcome's. What an original safe would silently ignore is refused before the first. Neither reads nor makes the marks of
// `sentinel serve`, but for what run_block leaves as it is.
net::awaitable<outcome> apply(client::safe_client& safe, script const& all, teller const& tell);

// --dry-run: tells what each block would do, contacting nobody. Templates are tried; of what a workload would receive the size
// alone is told, because such a run often stands in a log that many read. Every block is told of; exit status 1 if a template
// of any does not compile or fails on its value.
outcome preview(script const& all, api::name_prefixes const& prefixes, gotmpl::render_options const& options, teller const& tell);

}  // namespace vsecm::roles::sentinel
