// What the demo plays on: a temporary folder with a `vsecm dev` in it, and commands run as real processes with the
// environment of one identity.
#pragma once

#include "base/child_process.hpp"
#include "base/result.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vsecm::roles::demo {

using std::chrono::milliseconds;
using moment = std::chrono::steady_clock::time_point;

struct outcome {
    int status = -1;
    std::string out, err;  // of a demo's own toy secrets
    moment spoke{};        // when its standard output said something first
};

// The demo's one folder and its children. Single-threaded; everything dies with it.
class stage {
public:
    static base::result<stage> open();
    stage(stage&&) noexcept = default;
    stage& operator=(stage&&) = delete;
    ~stage();

    std::string path(std::string_view below) const { return folder_ + "/" + std::string(below); }

    // `vsecm dev` in the background, until safe is ready.
    base::status start_dev(std::vector<std::string> const& workloads);
    // `vsecm WORDS…` as `identity` (a name under env/), in the background; output to `<folder>/log/<label>`.
    base::result<base::child_process> launch(std::string_view identity, std::vector<std::string> words, std::string_view label,
                                             std::vector<std::string> const& more_environment = {});
    // The same, to its end.
    base::result<outcome> run(std::string_view identity, std::vector<std::string> words, std::vector<std::string> const& more_environment = {},
                              std::string_view input = {});
    // The last lines of a log, for a failed step.
    std::string tail_of(std::string_view label) const;

private:
    explicit stage(std::string folder) : folder_(std::move(folder)) {}
    base::result<std::vector<std::string>> environment_of(std::string_view identity) const;

    std::string folder_;
    base::child_process dev_;
    std::jthread interrupts_;
};

// Looks every millisecond until `condition` holds; false when `limit` passes first.
bool eventually(milliseconds limit, std::function<bool()> const& condition);
// Content of a file; empty if there is none.
std::string content_of(std::string const& path);

// When `path` first holds `expected`, noticed by a thread of its own from construction on.
class file_watch {
public:
    file_watch(std::string path, std::string expected);
    ~file_watch();
    file_watch(file_watch const&) = delete;
    file_watch& operator=(file_watch const&) = delete;
    // Nothing if it did not within `limit` of this call.
    std::optional<moment> seen(milliseconds limit);

private:
    void watch(std::stop_token stop);
    std::string path_, expected_;
    std::atomic<std::int64_t> seen_at_{0};
    std::jthread watcher_;
};

}  // namespace vsecm::roles::demo
