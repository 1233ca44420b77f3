// What a sidecar leaves on the volume while the workload has to be told of a change: it outlives a sidecar that is killed first.
#pragma once

#include "config/settings.hpp"
#include "volume/turn.hpp"

#include <optional>
#include <string>

namespace vsecm::volume {

// An empty file beside what is kept (`keys`: beside ..data), 0600:
//     ..untold-HHHHHHHHHHHHHHHH-N
// H is a digest of the name of what is kept, and of nothing else: sidecars of other files in the same folder do not take it for theirs,
// one that was told to tell otherwise does. N is how many processes have found it: to count takes no space, only a rename. Whoever can
// write to the volume can have the workload told once too often, or not at all, by this or by the files.
//
// Not for several threads, nor for several sidecars of one file: who of those tells first takes it away.
class reminder {
public:
    explicit reminder(config::volume_settings const& settings, base::file_layer& files = base::posix_files());

    // Takes over what processes before this one have left, and says how many of them found it in vain, this one included; nothing
    // if there was none, if this process has left one since (it stands for that too), or if it cannot be counted, which is logged:
    // telling may be what ends us. To be asked in one's turn: a writer may be between its reminder and its files.
    std::optional<unsigned> find();
    net::awaitable<base::result<base::unique_fd>> turn() const { return take_turn(folder_); }

    // Before files are changed; synced, as they are. errc::storage: there is none.
    base::status leave();
    // They were not, and nothing else has happened since: what there was before is there again, with the number that it had.
    void take_back();

    // The workload is about to be told of all changes so far.
    void begin() noexcept { is_newer_ = false; }
    // It has been, or will not be: away with it, unless a change has come since. What cannot be removed is logged, and costs being
    // told once too often by each of the next ten.
    void done();

private:
    std::optional<unsigned> number_of(base::folder_entry const& entry) const;
    std::string path_of(unsigned number) const;
    void remove(std::string const& path) const;

    base::file_layer* files_;
    std::string folder_, prefix_;
    std::optional<unsigned> left_, before_;      // the number of the one that stands for what is due; before leave()
    bool is_newer_ = false, was_newer_ = false;  // left since begin(); before leave()
};

}  // namespace vsecm::volume
