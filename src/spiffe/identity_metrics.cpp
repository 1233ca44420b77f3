#include "spiffe/identity_metrics.hpp"

namespace vsecm::spiffe {

void write_metrics(metrics::page& out, identity_state const& now) {
    out.gauge("vsecm_svid_expiry_timestamp_seconds", "When the SVID in use expires, in seconds since 1970.");
    if (now.generation != 0) out.add(now.expires);
    out.counter("vsecm_svid_updates_total", "Identities taken from the SPIFFE Workload API.").add(now.generation);
    bool const well = now.generation != 0 && !now.withdrawn && now.problem.empty();
    out.gauge("vsecm_workload_api_up", "1 while the SPIFFE Workload API gives this process its identity, 0 while there is a problem.").add(well ? 1 : 0);
}

}  // namespace vsecm::spiffe
