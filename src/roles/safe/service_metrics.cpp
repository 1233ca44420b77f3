// What safe tells a scrape. docs/metrics.md lists it for people.
#include "roles/safe/service.hpp"

#include "spiffe/identity_metrics.hpp"

namespace vsecm::roles::safe {
namespace {

// As many namespaces have series of their own; the rest share one, under a name that no namespace can have.
constexpr std::size_t most_namespaces = 100;
constexpr std::string_view other_namespaces = "_others";

void write_server(metrics::page& out, net::http_server const& server) {
    auto const& seen = server.counters();
    out.gauge("vsecm_connections", "Open connections of the API.").add(seen.open.load());
    out.counter("vsecm_connections_accepted_total", "Connections accepted.").add(seen.accepted.load());
    out.counter("vsecm_connections_refused_total", "Connections closed at once, because there were too many.").add(seen.refused_full.load());
    out.counter("vsecm_tls_handshake_failures_total", "TLS handshakes that did not succeed, of strangers too.").add(seen.handshakes_failed.load());
    out.counter("vsecm_http_requests_rejected_total", "Requests that were not well-formed, or too large, and reached no route.").add(seen.rejected.load());
    out.gauge("vsecm_watchers", "Requests that are held open now, waiting for a change.").add(server.num_held());
}

void write_store(metrics::page& out, store::secret_store const& secrets) {
    auto const health = secrets.health();
    auto const written = secrets.written();
    out.gauge("vsecm_secrets", "Secrets kept; those that are damaged can be written again or deleted, and nothing else.");
    out.add(health.num_present, {{"state", "present"}}).add(health.num_damaged, {{"state", "damaged"}});
    out.counter("vsecm_store_writes_total", "Write requests that are durable.").add(written.num_done);
    out.counter("vsecm_store_write_errors_total", "Write requests that the store could not make durable, and repairs that failed.").add(written.num_failed);
    out.histogram("vsecm_store_sync_duration_seconds", "One batch of writes to stable storage.").add(written.rounds);
    out.gauge("vsecm_store_waiting_writes", "Write requests that wait for the disk.").add(health.num_waiting);
    out.gauge("vsecm_store_oldest_wait_seconds", "How long the oldest of them has waited.").add(std::chrono::nanoseconds(health.oldest_waiting));
    out.gauge("vsecm_store_last_write_timestamp_seconds", "When the last write was complete, in seconds since 1970; none before the first.");
    if (health.last_write) out.add(*health.last_write);
    out.gauge("vsecm_store_up", "1 while the last write succeeded and nothing waits to be repaired or tidied.").add(health.last_error.empty() && !health.unsettled ? 1 : 0);
    out.gauge("vsecm_root_key_rotation_running", "1 while what is stored is brought under another root key.").add(secrets.renewing().running ? 1 : 0);
}

void write_mirror(metrics::page& out, store::mirror_table const& table) {
    auto by_space = table.counts_by_space();
    store::mirror_counts others;
    bool const too_many = by_space.size() > most_namespaces;
    while (by_space.size() > most_namespaces) {
        auto const& last = std::prev(by_space.end())->second;
        others.synced += last.synced;
        others.failing += last.failing;
        others.waiting += last.waiting;
        by_space.erase(std::prev(by_space.end()));
    }
    out.gauge("vsecm_kubernetes_secrets", "Kubernetes Secrets made of k8s: names, by namespace and by whether they are as they should be.");
    auto const tell = [&](std::string_view space, store::mirror_counts const& counted) {
        out.add(counted.synced, {{"target_namespace", space}, {"state", name_of(store::mirror_state::synced)}});
        out.add(counted.failing, {{"target_namespace", space}, {"state", name_of(store::mirror_state::failing)}});
        out.add(counted.waiting, {{"target_namespace", space}, {"state", name_of(store::mirror_state::waiting)}});
    };
    for (auto const& [space, counted] : by_space) tell(space, counted);
    if (too_many) tell(other_namespaces, others);
}

}  // namespace

void service::write_metrics(metrics::page& out) const {
    auto const phase_now = now();
    out.gauge("vsecm_sealed", "1 while safe waits for its root key to be given by hand.").add(phase_now == phase::sealed ? 1 : 0);
    if (identity_) spiffe::write_metrics(out, identity_->state());
    requests_.write(out);
    if (server_ != nullptr) write_server(out, *server_);
    if (auto const* open = vault_.load(std::memory_order_acquire)) {
        write_store(out, open->secrets());
        if (open->mirror() != nullptr) write_mirror(out, open->mirror()->table());
    }
    out.counter("vsecm_audit_lines_lost_total", "Audit lines that nobody took.").add(audit_.stream().lost());
    out.gauge("vsecm_audit_stuck", "1 while the audit stream takes no lines: nothing is changed or exported meanwhile.").add(audit_.stream().stuck() ? 1 : 0);
}

}  // namespace vsecm::roles::safe
