// Where audit lines go: a pipe, a socket, a terminal, or a file. Whoever writes a line never waits for its reader.
#pragma once

#include "base/file.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace vsecm::roles::safe {

// How much of the buffer a line may use. What any registered workload can cause must not fill it: then nothing could be changed
// any more, and the first thing that an intruder would stop is being removed.
enum class audit_rank : std::uint8_t {
    ordinary,  // half
    vital,     // all: of what an operator changes or exports
};

// Thread-safe. A line normally is in the kernel when write() returns, so that a crash does not lose it. When the reader of a
// pipe does not take it at once, it waits in a buffer of at most `most_waiting` bytes for a thread that has nothing else to
// do; lines keep their order and stay whole. Beyond what its rank may use, and when the stream refuses a line (full disk, closed
// pipe), it is lost, counted, and said in the log. A regular file has no buffer: its write is as fast as the kernel's memory.
class audit_stream {
public:
    static constexpr std::size_t most_waiting = 4 * 1024 * 1024;

    explicit audit_stream(base::unique_fd fd);
    // What still waits has a second to be taken.
    ~audit_stream();
    audit_stream(audit_stream const&) = delete;
    audit_stream& operator=(audit_stream const&) = delete;

    void write(std::string_view line, audit_rank rank = audit_rank::vital) noexcept;  // one line, with its line feed

    // The stream refused the last line, or there is hardly room for more of that rank: what must not go unwritten should not be
    // done now. Lost ordinary lines make nothing vital stuck.
    bool stuck(audit_rank rank = audit_rank::vital) const noexcept {
        return refused_.load(std::memory_order_relaxed) || num_waiting_.load(std::memory_order_relaxed) > room_for(rank) / 8 * 7;
    }
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t room_for(audit_rank rank) noexcept { return rank == audit_rank::vital ? most_waiting : most_waiting / 2; }

    std::size_t write_now(std::string_view bytes) noexcept;
    void lose(std::string_view bytes) noexcept;
    void lose_ordinary() noexcept;
    void deliver_what_waits();
    void deliver(std::string_view bytes) noexcept;
    void taken() noexcept;

    base::unique_fd fd_;
    bool direct_;  // a regular file or a device that is always ready
    std::atomic<bool> refused_{false};
    std::atomic<bool> crowded_{false};  // ordinary lines were lost, and there is not much room again
    std::atomic<std::uint64_t> lost_{0};
    std::atomic<std::size_t> num_waiting_{0};  // bytes, those the thread is writing included
    std::mutex lock_;                          // of `waiting_`, and of who may write
    std::condition_variable wake_;
    std::string waiting_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace vsecm::roles::safe
