// The audit stream of safe: one JSON object a line, stable field names, never a value. Its grammar is docs/audit.md.
#pragma once

#include "base/clock.hpp"

#include <atomic>
#include <span>
#include <string>
#include <string_view>

namespace vsecm::roles::safe {

// Eight characters that tie the lines of one request together, as in the original ([a-zA-Z0-9]{8}), but unbiased.
std::string new_correlation_id();

// One answered (or refused) request. Views must outlive the call only.
struct journal_entry {
    std::string_view correlation_id;
    std::string_view event;        // what was asked: upsert, encrypt, fetch, list, list_encrypted, delete, keys, keystone, unknown
    std::string_view outcome;      // ok, unchanged, denied, not_found, sealed, invalid, … (errc names)
    std::string_view caller;       // SPIFFE ID
    std::string_view caller_kind;  // sentinel, workload, …
    std::string_view method;
    std::string_view target;  // as sent; escaped here
    unsigned status = 0;
    std::span<std::string const> names;  // of the secrets touched
    std::string_view reason;             // for refusals: the sentence the caller was told
};

// Appends each entry with one write(2), so lines of several loops never mix. Thread-safe without a lock.
class journal {
public:
    explicit journal(int fd, base::clock const& clock = base::system_clock()) noexcept : fd_(fd), clock_(clock) {}
    void record(journal_entry const& entry) noexcept;
    // Entries the stream refused (full disk, closed pipe). Shown by status.
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    int fd_;
    base::clock const& clock_;
    std::atomic<std::uint64_t> lost_{0};
};

}  // namespace vsecm::roles::safe
