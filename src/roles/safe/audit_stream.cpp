#include "roles/safe/audit_stream.hpp"

#include "base/log.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace vsecm::roles::safe {
namespace {

constexpr std::chrono::milliseconds look_again{100};
constexpr std::chrono::seconds farewell{1};

bool never_waits(int fd) {
    struct ::stat info {};
    return ::fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || (S_ISCHR(info.st_mode) && ::isatty(fd) == 0));
}

}  // namespace

audit_stream::audit_stream(base::unique_fd fd) : fd_(std::move(fd)), direct_(never_waits(fd_.get())) {
    if (!direct_) thread_ = std::thread([this] { deliver_what_waits(); });
}

audit_stream::~audit_stream() {
    if (!thread_.joinable()) return;
    {
        std::lock_guard const guard(lock_);
        ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void audit_stream::write(std::string_view line, audit_rank rank) noexcept try {
    if (direct_) {  // O_APPEND keeps the lines of several threads apart
        if (write_now(line) != line.size()) lose("\n");
        return;
    }
    std::lock_guard const guard(lock_);
    if (num_waiting_ == 0) {
        // A pipe that is ready takes PIPE_BUF bytes without waiting, and nobody else writes while we hold the lock.
        bool const ready = line.size() <= PIPE_BUF && base::ready_to_write(fd_.get(), std::chrono::milliseconds{0});
        line.remove_prefix(ready ? write_now(line) : 0);
        if (line.empty()) return;
    }
    if (num_waiting_ + line.size() > room_for(rank)) return rank == audit_rank::vital ? lose("\n") : lose_ordinary();
    waiting_.append(line);
    num_waiting_ += line.size();
    wake_.notify_one();
} catch (std::exception const&) {  // no memory for it
    lose("\n");
}

// How much was written or, where the stream refuses, is lost; less than all: not ready for the rest.
std::size_t audit_stream::write_now(std::string_view bytes) noexcept {
    ssize_t written;
    do written = ::write(fd_.get(), bytes.data(), bytes.size());
    while (written < 0 && errno == EINTR);
    if (written >= 0) {
        taken();
        return static_cast<std::size_t>(written);
    }
    if ((errno == EAGAIN || errno == EWOULDBLOCK) && !direct_) return 0;
    lose(bytes);
    return bytes.size();
}

void audit_stream::taken() noexcept {
    // Of a reader that is only slow, not every line is news.
    if (num_waiting_ > most_waiting / 2) return;
    if (num_waiting_ < most_waiting / 4 && crowded_.load(std::memory_order_relaxed) && crowded_.exchange(false))
        base::log::info("audit_less_crowded", {{"lost", lost()}});
    if (refused_.load(std::memory_order_relaxed) && refused_.exchange(false)) base::log::warn("audit_well_again", {{"lost", lost()}});
}

void audit_stream::lose(std::string_view bytes) noexcept {
    lost_ += static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
    if (!refused_.exchange(true))
        base::log::error("audit_lost", {{"lost", lost()}, {"what", "audit lines are being lost: the audit stream does not take them (VSECM_SAFE_AUDIT_PATH)"}});
}

void audit_stream::lose_ordinary() noexcept {
    ++lost_;
    if (!crowded_.exchange(true))
        base::log::error("audit_lost", {{"lost", lost()}, {"what", "audit lines of workloads are being lost: more come than the reader of the audit stream takes"}});
}

void audit_stream::deliver_what_waits() {
    std::unique_lock guard(lock_);
    for (;;) {
        wake_.wait(guard, [&] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto const batch = std::exchange(waiting_, {});
        guard.unlock();
        deliver(batch);
        guard.lock();
    }
}

// Writes pieces that a ready pipe takes without waiting, so that the end of the program is noticed.
void audit_stream::deliver(std::string_view bytes) noexcept {
    auto gives_up = std::chrono::steady_clock::time_point::max();
    while (!bytes.empty()) {
        std::size_t written = 0;
        if (base::ready_to_write(fd_.get(), look_again)) written = write_now(bytes.substr(0, PIPE_BUF));
        bytes.remove_prefix(written);
        num_waiting_ -= written;
        if (written > 0) continue;
        auto const now = std::chrono::steady_clock::now();
        std::lock_guard const guard(lock_);
        if (!ending_) continue;
        if (gives_up == gives_up.max()) gives_up = now + farewell;
        if (now < gives_up) continue;
        lose(bytes);
        num_waiting_ -= bytes.size();
        return;
    }
}

}  // namespace vsecm::roles::safe
