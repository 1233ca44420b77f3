// sentinel apply: a script by hand.
#pragma once

#include "roles/sentinel/script.hpp"

#include <functional>

namespace vsecm::roles::sentinel {

using teller = std::function<void(std::string const& line)>;  // a line for standard output, without its end

// Does the blocks in order and tells of each when it is over ("line 3: put app: done"); stops at the first that fails, whose
// exit status is the outcome's. What an original safe would silently ignore is refused before the first. Neither reads nor makes the marks of `sentinel serve`, but for what run_block leaves as it is.
net::awaitable<outcome> apply(client::safe_client& safe, script const& all, teller const& tell);

// --dry-run: tells what each block would do, contacting nobody.
void preview(script const& all, teller const& tell);

}  // namespace vsecm::roles::sentinel
