// What a sidecar leaves on the volume while the workload has to be told of a change: it outlives a sidecar that is killed first.
#pragma once

#include "config/settings.hpp"
#include "volume/turn.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::volume {

// Small files beside what is kept (`keys`: beside ..data), 0600, each left once and never written again:
//     ..untold-HHHHHHHHHHHHHHHH-RRRRRRRRRRRRRRRR
// H is a digest of what is kept and of who is told how, so that sidecars with other work in the same folder do not take it for
// theirs; R is random, so that of two with the same work none removes what the other leaves. In it is how many processes have found
// it: no more than a number. Nothing is synced for a power cut: after one the workload starts anew, too.
//
// Not for several threads. A failure to remove one is logged, and costs being told once too often.
class reminder {
public:
    // `whom` is hashed, and may be of any length.
    reminder(config::volume_settings const& settings, std::string_view whom, base::file_layer& files = base::posix_files());

    // Takes over what processes before this one have left, and says how many of them found it in vain, this one included; nothing
    // if there was none. To be asked in one's turn: a writer may be between its reminder and its files.
    std::optional<unsigned> find();
    net::awaitable<base::result<base::unique_fd>> turn() const { return take_turn(folder_); }

    // Before files are changed. errc::storage: there is none.
    base::status leave();
    // They were not, and nothing else has happened since: what was left last is only needed if there was one before.
    void take_back();

    // The workload is about to be told of all changes so far; and it has been, or it has not.
    void begin();
    void done();
    void not_done();

private:
    base::status leave(unsigned num_finders);
    bool is_ours(base::folder_entry const& entry) const;
    void remove(std::vector<std::string>& names);

    base::file_layer* files_;
    std::string folder_, prefix_;
    std::vector<std::string> due_, being_told_;  // names
    bool newest_stands_alone_ = false;           // no other change was due when it was left
};

}  // namespace vsecm::volume
