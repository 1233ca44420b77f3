// The audit stream of safe: one JSON object a line, stable field names, never a value. Its grammar is docs/audit.md.
#pragma once

#include "base/clock.hpp"
#include "roles/safe/audit_stream.hpp"

#include <span>
#include <string>
#include <string_view>

namespace vsecm::roles::safe {

// Eight characters that tie the lines of one request together, as in the original ([a-zA-Z0-9]{8}), but unbiased.
std::string new_correlation_id();

// One answered (or refused) request. Views must outlive the call only.
struct journal_entry {
    std::string_view correlation_id;
    std::string_view event;        // what was asked: api::name_of(route)
    std::string_view outcome;      // ok, unchanged, denied, not_found, sealed, invalid, … (errc names)
    std::string_view caller;       // SPIFFE ID
    std::string_view caller_kind;  // sentinel, workload, …
    std::string_view method;
    std::string_view target;  // as sent; escaped and shortened here
    unsigned status = 0;
    std::span<std::string const> names;  // of the secrets touched
    std::string_view reason;             // for refusals: the sentence the caller was told
    audit_rank rank = audit_rank::vital;
};

// Entries to lines. Thread-safe; the stream must outlive it.
class journal {
public:
    explicit journal(audit_stream& stream, base::clock const& clock = base::system_clock()) noexcept : stream_(stream), clock_(clock) {}
    void record(journal_entry const& entry) noexcept;
    audit_stream const& stream() const noexcept { return stream_; }

private:
    audit_stream& stream_;
    base::clock const& clock_;
};

}  // namespace vsecm::roles::safe
