// How this process's identity is, for a scrape. Every role that has one tells the same.
#pragma once

#include "metrics/page.hpp"
#include "spiffe/svid_source.hpp"

namespace vsecm::spiffe {

// vsecm_svid_expiry_timestamp_seconds (from the first SVID on), vsecm_svid_updates_total, vsecm_workload_api_up.
void write_metrics(metrics::page& out, identity_state const& now);

}  // namespace vsecm::spiffe
