#include "config/variables.hpp"

#include "config/parse.hpp"

#include <format>

namespace vsecm::config {
namespace {

using enum value_kind;
using enum origin;

// Grouped as a person would look for them; `vsecm help env` prints in this order.
constexpr variable table[] = {
    // --- identity
    {"SPIFFE_ENDPOINT_SOCKET", text, original, by_mtls, "unix:///spire-agent-socket/spire-agent.sock", "",
     "where the SPIFFE Workload API listens (unix:///path or tcp://address:port)"},
    {"SPIFFE_TRUST_DOMAIN", text, original, by_mtls, "vsecm.com", "", "the trust domain the identity patterns belong to"},
    {"VSECM_SPIFFEID_PREFIX_SAFE", pattern, original, by_mtls,
     R"(^spiffe://vsecm\.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/[^/]+$)", "",
     "which SPIFFE ID is safe: a regular expression when it begins with ^spiffe://<trust domain>/, else a literal prefix",
     {"VSECM_SAFE_SPIFFEID_PREFIX", "VSECM_SAFE_SVID_PREFIX"}},
    {"VSECM_SPIFFEID_PREFIX_SENTINEL", pattern, original, by_mtls,
     R"(^spiffe://vsecm\.com/workload/vsecm-sentinel/ns/vsecm-system/sa/vsecm-sentinel/n/[^/]+$)", "",
     "which SPIFFE ID is the sentinel", {"VSECM_SENTINEL_SPIFFEID_PREFIX", "VSECM_SENTINEL_SVID_PREFIX"}},
    {"VSECM_SPIFFEID_PREFIX_WORKLOAD", pattern, original, by_mtls,
     R"(^spiffe://vsecm\.com/workload/[^/]+/ns/[^/]+/sa/[^/]+/n/[^/]+$)", "", "which SPIFFE IDs are workloads at all",
     {"VSECM_WORKLOAD_SPIFFEID_PREFIX", "VSECM_WORKLOAD_SVID_PREFIX"}},
    {"VSECM_SPIFFEID_PREFIX_SCOUT", pattern, original, by_safe,
     R"(^spiffe://vsecm\.com/workload/vsecm-scout/ns/vsecm-system/sa/vsecm-scout/n/[^/]+$)", "",
     "which SPIFFE ID is the scout, the reader of all raw: secrets"},
    {"VSECM_SPIFFEID_PREFIX_CLERK", pattern, original, by_safe,
     R"(^spiffe://vsecm\.com/workload/vsecm-clerk/ns/default/sa/vsecm-clerk/n/[^/]+$)", "",
     "which SPIFFE ID is the clerk, a writer of raw: secrets only"},
    {"VSECM_WORKLOAD_NAME_REGEXP", pattern, original, by_mtls,
     R"(^spiffe://vsecm\.com/workload/([^/]+)/ns/[^/]+/sa/[^/]+/n/[^/]+$)", "",
     "its first group is the workload's name in a SPIFFE ID"},
    {"VSECM_TLS_GROUPS", text, ours, by_mtls, "X25519MLKEM768:X25519:P-256", "", "TLS key exchange groups, best first"},

    // --- safe: where it listens, where it keeps
    {"VSECM_SAFE_TLS_PORT", address, original, by_safe, ":8443", "", "where safe's API listens"},
    {"VSECM_PROBE_LIVENESS_PORT", address, original, by_safe | by_sentinel, ":8081", "", "liveness probe"},
    {"VSECM_PROBE_READINESS_PORT", address, original, by_safe, ":8082", "", "readiness probe"},
    {"VSECM_SAFE_PORTS_FILE", text, ours, by_safe, "", "",
     "a file to write the ports listened on to, as api=…, live=… and ready=… lines"},
    {"VSECM_SAFE_BACKING_STORE", text, original, by_safe, "file", "", "where secrets are kept: file or memory"},
    {"VSECM_SAFE_DATA_PATH", text, original, by_safe, "/var/local/vsecm/data", "", "folder of the file store"},
    {"VSECM_SAFE_SECRET_BACKUP_COUNT", integer, original, by_safe, "3", "", "earlier versions kept of each secret"},
    {"VSECM_SAFE_ROOT_KEY_STORE", text, original, by_safe, "", "",
     "where the root key lives: file, or k8s; k8s in a cluster and file elsewhere when not set"},
    {"VSECM_ROOT_KEY_PATH", text, original, by_safe, "/key/key.txt", "", "the root key's file; with k8s, where its Secret is mounted", {"VSECM_SAFE_CRYPTO_KEY_PATH", ""}},
    {"VSECM_ROOT_KEY_NAME", text, original, by_safe, "vsecm-root-key", "", "name of the root key's Kubernetes Secret, in VSECM_NAMESPACE_SYSTEM",
     {"VSECM_SAFE_CRYPTO_KEY_NAME", "VSECM_CRYPTO_KEY_NAME"}},
    {"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", boolean, original, by_safe, "false", "",
     "true: an operator gives the root key with `safe -i`, none is made", {"VSECM_SAFE_MANUAL_KEY_INPUT", ""}},
    {"VSECM_ROOT_KEY_INPUT_PERSIST", boolean, ours, by_safe, "false", "",
     "true: a root key given by hand is stored (VSECM_SAFE_ROOT_KEY_STORE) and read at the next start; false: it is in memory only"},
    {"VSECM_SAFE_FIPS_COMPLIANT", boolean, original, by_safe, "false", "", "true: AES-256-GCM instead of age"},
    {"VSECM_SAFE_RAW_SECRET_PREFIX", text, original, by_safe | by_sentinel, "raw:", "", "names that only the scout may read"},
    {"VSECM_SAFE_STORE_WORKLOAD_SECRET_AS_K8S_SECRET_PREFIX", text, original, by_safe | by_sentinel, "k8s:", "",
     "names that also become Kubernetes Secrets", {"VSECM_SAFE_STORE_WORKLOAD_AS_K8S_SECRET_PREFIX", ""}},
    {"VSECM_NAMESPACE_SYSTEM", text, original, by_safe | by_sentinel, "vsecm-system", "", "namespace of the system's own objects",
     {"VSECM_SYSTEM_NAMESPACE", ""}},
    {"VSECM_SAFE_NAMESPACE_ISOLATION", choice, ours, by_safe, "auto", "auto|enforce|warn|off",
     "whether a workload's namespace must be among its secret's; auto: enforce on a data folder made here, warn on an adopted one"},
    {"VSECM_SAFE_ENFORCE_DATES", boolean, ours, by_safe, "false", "",
     "true: a secret is delivered, to workloads and as a Kubernetes Secret, from its -N date to its -E date only; false: dates are kept and listed, as in the original"},
    {"VSECM_SAFE_AUDIT_PATH", text, ours, by_safe, "stdout", "", "where audit lines go: stdout, stderr, off, or a file to append to"},
    {"VSECM_SAFE_BOOTSTRAP_TIMEOUT", duration, original, by_safe, "300000", "ms", "longest start: identity, root key, store"},
    {"VSECM_SAFE_SHUTDOWN_TIMEOUT", duration, ours, by_safe, "10s", "", "longest wait for answers in flight when stopping"},
    {"VSECM_SAFE_THREADS", integer, ours, by_safe, "0", "", "event loops; 0: one a core"},
    {"VSECM_SAFE_STORE_THREADS", integer, ours, by_safe, "8", "", "files of one batch synced at the same time"},

    // --- safe: Kubernetes
    {"KUBERNETES_SERVICE_HOST", text, original, by_safe | by_init, "", "", "the API server; Kubernetes sets it in every pod"},
    {"KUBERNETES_SERVICE_PORT", text, original, by_safe | by_init, "443", "", "its port"},
    {"VSECM_SAFE_K8S_API_URL", text, ours, by_safe | by_init, "", "", "the API server to use instead: https://host:port"},
    {"VSECM_SAFE_K8S_ACCOUNT_PATH", text, ours, by_safe | by_init, "/var/run/secrets/kubernetes.io/serviceaccount", "",
     "folder of the service account: token, ca.crt and namespace"},
    {"VSECM_SAFE_K8S_REQUEST_TIMEOUT", duration, ours, by_safe | by_init, "10s", "", "longest wait for an answer of the API server"},
    {"VSECM_SAFE_K8S_SYNC_INTERVAL", duration, ours, by_safe, "5m", "", "how often the Secrets of k8s: names are looked at again, and mended"},
    {"VSECM_SAFE_K8S_SECRET_DELETE", choice, ours, by_safe, "retain", "retain|delete",
     "what becomes of the Secret when its k8s: name is deleted, or loses that namespace"},

    // --- safe: limits
    {"VSECM_SAFE_MAX_BODY", bytes, ours, by_safe, "4MiB", "bytes", "largest request body; beyond it 413"},
    {"VSECM_SAFE_MAX_HEADER", bytes, ours, by_safe, "16KiB", "bytes", "largest request line and headers together; beyond it 431"},
    {"VSECM_SAFE_MAX_VALUE", bytes, ours, by_safe, "1MiB", "bytes", "largest secret; beyond it 413"},
    {"VSECM_SAFE_MAX_SECRETS", integer, ours, by_safe, "100000", "", "most secrets kept; beyond it 429"},
    {"VSECM_SAFE_MAX_CONNECTIONS", integer, ours, by_safe, "20000", "", "most connections at once, of one identity three quarters of them; more are closed"},
    {"VSECM_SAFE_MAX_HANDSHAKES", integer, ours, by_safe, "1024", "", "most unfinished TLS handshakes of an event loop; beyond it stalled ones are closed, new ones wait"},
    {"VSECM_SAFE_MAX_QUEUED_WRITES", integer, ours, by_safe, "1024", "", "most writes waiting for the disk; beyond it 429"},
    {"VSECM_SAFE_HANDSHAKE_TIMEOUT", duration, ours, by_safe, "10s", "", "longest TLS handshake"},
    {"VSECM_SAFE_REQUEST_TIMEOUT", duration, ours, by_safe, "30s", "", "longest a request may take to arrive, and its templates to be rendered"},
    {"VSECM_SAFE_WRITE_TIMEOUT", duration, ours, by_safe, "30s", "", "longest an answer may take to leave"},
    {"VSECM_SAFE_IDLE_TIMEOUT", duration, ours, by_safe, "5m", "", "longest silence between two requests"},
    {"VSECM_SAFE_MAX_WAIT", duration, ours, by_safe, "5m", "", "longest a fetch with ?wait= is held"},

    // --- templates
    {"VSECM_SAFE_TEMPLATE_NUMBERS", choice, ours, by_safe | by_sentinel, "exact", "exact|go",
     "how templates print integers of the data: exact keeps 1234567; go prints 1.234567e+06, as the original"},
    {"VSECM_SAFE_TEMPLATE_MAX_OUTPUT", bytes, ours, by_safe | by_sentinel, "16MiB", "bytes", "largest result of a template"},
    {"VSECM_SAFE_TEMPLATE_MAX_STEPS", integer, ours, by_safe | by_sentinel, "5000000", "", "most steps of a template; 5 million take about a second"},
    {"VSECM_SAFE_TEMPLATE_MAX_DEPTH", integer, ours, by_safe | by_sentinel, "1000", "", "deepest recursion of a template; 4000 at most"},

    // --- clients of safe
    {"VSECM_SAFE_ENDPOINT_URL", text, original, by_clients, "https://vsecm-safe.vsecm-system.svc.cluster.local:8443/", "",
     "where safe is"},
    {"VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT", duration, original, by_clients, "10000", "ms", "longest wait for an identity",
     {"VSECM_SAFE_SVID_RETRIEVAL_TIMEOUT", ""}},
    {"VSECM_REQUEST_TIMEOUT", duration, ours, by_clients, "10s", "", "longest wait for safe's answer, held requests apart"},
    // The four of VSECM_BACKOFF_* rule the init commands; in the original also writes to disk and to Kubernetes. What else waits
    // for safe or for an identity here never gives up, by pauses of its own.
    {"VSECM_BACKOFF_DELAY", duration, original, by_mtls, "1000", "ms", "sentinel's init commands: first pause before trying again"},
    {"VSECM_BACKOFF_MAX_RETRIES", integer, original, by_mtls, "10", "", "sentinel's init commands: attempts after the first, when safe says no"},
    {"VSECM_BACKOFF_MAX_WAIT", duration, original, by_mtls, "30000", "ms", "sentinel's init commands: longest pause", {"VSECM_BACKOFF_MAX_DURATION", ""}},
    {"VSECM_BACKOFF_MODE", text, original, by_mtls, "exponential", "", "sentinel's init commands: exponential; any other word is linear"},

    // --- sentinel
    {"VSECM_SENTINEL_INIT_COMMAND_PATH", text, original, by_sentinel, "/opt/vsecm-sentinel/init/data", "", "script run once at first start"},
    {"VSECM_SENTINEL_INIT_COMMAND_WAIT_BEFORE_EXEC", duration, original, by_sentinel, "0", "ms", "pause before the script"},
    {"VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_INIT_COMPLETE", duration, original, by_sentinel, "0", "ms", "pause after the script",
     {"VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_EXEC", ""}},
    {"VSECM_SENTINEL_SECRET_GENERATION_PREFIX", text, original, by_sentinel, "gen:", "", "values that are patterns to generate from"},
    {"VSECM_SENTINEL_PORTS_FILE", text, ours, by_sentinel, "", "", "a file to write the probe port to, as a live=… line"},
    {"VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER", boolean, original, by_sentinel, "false", "",
     "the original's OIDC front is not built: true is an error of `sentinel serve`", {"VSECM_SENTINEL_ENABLE_OIDC_RESOURCE_SERVER", ""}},

    // --- sidecar, init, keystone
    {"VSECM_SIDECAR_SECRETS_PATH", text, original, by_sidecar | by_init, "/opt/vsecm/secrets.json", "",
     "the file kept equal to the secret; with the layout keys a folder (/opt/vsecm/secrets when not set), with dotenv /opt/vsecm/secrets.env",
     {"VSECM_SIDECAR_SECRET_PATH", ""}},
    {"VSECM_SIDECAR_LAYOUT", choice, ours, by_sidecar | by_init, "file", "file|keys|dotenv",
     "file: the secret as it is; keys: a folder with a file for each member of a JSON object; dotenv: NAME='value' lines, a member each"},
    {"VSECM_SIDECAR_TEMPLATE", text, ours, by_sidecar | by_init, "", "",
     "a Go template to render with the secret as its data, instead of the secret (file) or beside its keys (keys, where it may be a folder of them)"},
    {"VSECM_SIDECAR_FILE_MODE", text, ours, by_sidecar | by_init, "", "",
     "the files' mode, in octal; not set: 0644 in a Kubernetes pod (whose containers may run as different users), 0600 elsewhere"},
    {"VSECM_SIDECAR_FILE_OWNER", text, ours, by_sidecar | by_init, "", "",
     "whom the files are given to, in numbers: UID, UID:GID or :GID; not set: the user that runs this"},
    {"VSECM_SIDECAR_POLL_INTERVAL", duration, original, by_sidecar | by_sdk, "20000", "ms", "pause between fetches where safe cannot push"},
    {"VSECM_SIDECAR_MAX_POLL_INTERVAL", duration, original, by_sidecar | by_sdk, "300000", "ms", "longest pause while safe is away"},
    {"VSECM_SIDECAR_WAIT", duration, ours, by_sidecar | by_sdk, "50s", "", "how long one fetch asks to be held"},
    {"VSECM_SIDECAR_ON_CHANGE_SIGNAL", text, ours, by_sidecar, "", "",
     "the signal that tells the workload of changed files: HUP, USR1, ...; never of their first content"},
    {"VSECM_SIDECAR_ON_CHANGE_PID_FILE", text, ours, by_sidecar, "", "", "the file with the number of the process to signal"},
    {"VSECM_SIDECAR_ON_CHANGE_PROCESS", text, ours, by_sidecar, "", "",
     "the name of the process to signal, in a pod with shareProcessNamespace; of several the eldest"},
    {"VSECM_SIDECAR_ON_CHANGE_COMMAND", text, ours, by_sidecar, "", "",
     "a program to run instead: its absolute path, and arguments between blanks; there is no shell"},
    {"VSECM_SIDECAR_ON_CHANGE_URL", text, ours, by_sidecar, "", "", "an HTTP POST instead, to this host only: http://127.0.0.1:9090/-/reload"},
    {"VSECM_SIDECAR_ON_CHANGE_TIMEOUT", duration, ours, by_sidecar, "10s", "", "longest time for that command or call"},
    {"VSECM_SIDECAR_ON_CHANGE_INTERVAL", duration, ours, by_sidecar, "1s", "", "least time between two; changes meanwhile are told together"},
    {"VSECM_SIDECAR_PROBE_PORT", address, ours, by_sidecar, "", "",
     "probe of the sidecar: /livez, and /readyz once the volume holds a secret; none when not set"},
    {"VSECM_SIDECAR_PORTS_FILE", text, ours, by_sidecar, "", "", "a file to write the probe port to, as a probe=… line"},
    {"VSECM_INIT_CONTAINER_POLL_INTERVAL", duration, original, by_init | by_keystone, "5000", "ms", "pause between checks"},
    {"VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT", duration, original, by_init, "0", "ms", "pause after the secret is there"},
    {"VSECM_KEYSTONE_READINESS_PORT", address, ours, by_keystone, "", "", "readiness probe of the keystone; none when not set"},
    {"VSECM_KEYSTONE_PORTS_FILE", text, ours, by_keystone, "", "", "a file to write the probe port to, as a ready=… line"},

    // --- keygen
    {"VSECM_KEYGEN_DECRYPT", boolean, original, by_keygen, "false", "", "true: decrypt an export instead of making a key"},
    {"VSECM_KEYGEN_ROOT_KEY_PATH", text, original, by_keygen, "/opt/vsecm/keys.txt", "", "the root key to decrypt with"},
    {"VSECM_KEYGEN_EXPORTED_SECRET_PATH", text, original, by_keygen, "/opt/vsecm/secrets.json", "", "what `safe -l -e` printed"},

    // --- everyone
    {"VSECM_LOG_LEVEL", integer, original, by_all, "3", "", "1 fatal, 2 error, 3 warn, 4 info, 5 audit, 6 debug, 7 trace; or the word"},
    {"VSECM_LOG_FORMAT", choice, ours, by_all, "text", "text|json", "shape of log lines on standard error"},
    {"VSECM_METRICS", boolean, ours, by_safe | by_sentinel | by_sidecar | by_keystone, "true", "",
     "false: no /metrics on the probe ports (docs/metrics.md says what anybody can read there)"},

    // --- the original's that do nothing here
    {"VSECM_SAFE_IV_INITIALIZATION_INTERVAL", integer, ignored, by_safe, "50", "ms", "no throttle is needed"},
    {"VSECM_SAFE_SECRET_BUFFER_SIZE", integer, ignored, by_safe, "10", "", "there is no such queue"},
    {"VSECM_SAFE_SECRET_DELETE_BUFFER_SIZE", integer, ignored, by_safe, "10", "", "there is no such queue"},
    {"VSECM_SAFE_K8S_SECRET_BUFFER_SIZE", integer, ignored, by_safe, "10", "", "there is no such queue"},
    {"VSECM_SAFE_K8S_SECRET_DELETE_BUFFER_SIZE", integer, ignored, by_safe, "10", "", "there is no such queue"},
    {"VSECM_SAFE_SYNC_DELETED_SECRETS", boolean, ignored, by_safe, "false", "", "no effect in the original either"},
    {"VSECM_SAFE_SYNC_EXPIRED_SECRETS", boolean, ignored, by_safe, "false", "", "no effect in the original either"},
    {"VSECM_SAFE_SYNC_INTERPOLATED_K8S_SECRETS", boolean, ignored, by_safe, "false", "", "no effect in the original either"},
    {"VSECM_SAFE_SYNC_ROOT_KEY_INTERVAL", duration, ignored, by_safe, "never", "", "no effect in the original either"},
    {"VSECM_SAFE_SYNC_SECRETS_INTERVAL", duration, ignored, by_safe, "never", "", "no effect in the original either"},
    {"VSECM_LOG_SECRET_FINGERPRINTS", boolean, ignored, by_sentinel, "false", "", "secrets leave no trace in logs"},
    {"VSECM_SENTINEL_LOGGER_URL", text, ignored, by_sentinel, "localhost:50051", "", "logs go to standard error"},
    {"VSECM_SENTINEL_OIDC_PROVIDER_BASE_URL", text, ignored, by_sentinel, "", "", "the OIDC front is not built"},
    {"VSECM_SENTINEL_OIDC_RESOURCE_SERVER_PORT", address, ignored, by_sentinel, ":8085", "", "the OIDC front is not built"},
    {"VSECM_SIDECAR_EXPONENTIAL_BACKOFF_MULTIPLIER", integer, ignored, by_sidecar, "2", "", "no effect since 0.26"},
    {"VSECM_SIDECAR_SUCCESS_THRESHOLD", integer, ignored, by_sidecar, "3", "", "no effect since 0.26"},
    {"VSECM_SIDECAR_ERROR_THRESHOLD", integer, ignored, by_sidecar, "3", "", "no effect since 0.26"},
    {"VSECM_NAMESPACE_SPIRE", text, ignored, by_all, "spire-system", "", "set by charts, read by nobody"},
    {"VSECM_SCOUT_TLS_ENABLED", boolean, ignored, by_all, "false", "", "set by charts, read by nobody"},
    {"VSECM_SCOUT_HTTP_PORT", address, ignored, by_all, ":8080", "", "set by charts, read by nobody"},
    {"VSECM_SCOUT_TLS_PORT", address, ignored, by_all, ":8443", "", "set by charts, read by nobody"},
    {"VSECM_SCOUT_AUTHENTICATION_MODE", text, ignored, by_all, "none", "", "set by charts, read by nobody"},
    {"VSECM_SENTINEL_TERMINATE_ON_INIT_COMMAND_CONNECTIVITY_FAILURE", boolean, ignored, by_sentinel, "", "", "removed from the original"},
    {"VSECM_MANUAL_ROOT_KEY_UPDATES_K8S_SECRET", boolean, ignored, by_safe, "", "", "removed from the original"},
    {"VSECM_SAFE_REMOVE_LINKED_K8S_SECRETS", boolean, ignored, by_safe, "", "", "removed from the original"},

    // --- the original's that would be missed
    {"VSECM_RELAY_SERVER_URL", text, refused, by_all, "", "", "the relay is not built"},
    {"VSECM_SPIFFEID_PREFIX_RELAY_CLIENT", pattern, refused, by_all, "", "", "the relay is not built"},
    {"VSECM_SPIFFEID_PREFIX_RELAY_SERVER", pattern, refused, by_all, "", "", "the relay is not built"},
    {"VSECM_SAFE_USE_KUBERNETES_SECRETS", boolean, refused, by_safe, "", "", "name the secret k8s:NAME instead"},
    {"VSECM_SAFE_SECRET_NAME_PREFIX", text, refused, by_safe, "", "", "name the secret k8s:NAME instead"},
};

// The nearest name of the table; empty when none is near enough to be what was meant.
std::string_view nearest(std::string_view name) {
    std::string_view best;
    std::size_t best_distance = 2 + name.size() / 8;
    for (auto const& v : table) {
        if (v.from == ignored || v.from == refused) continue;
        if (auto const distance = edit_distance(name, v.name); distance < best_distance) {
            best = v.name;
            best_distance = distance;
        }
    }
    return best;
}

variable const* find_by_alias(std::string_view name) {
    for (auto const& v : table)
        for (auto const alias : v.aliases)
            if (!alias.empty() && alias == name) return &v;
    return nullptr;
}

// Kubernetes gives every pod variables for each service of its namespace: VSECM_SAFE_SERVICE_HOST, VSECM_SAFE_PORT,
// VSECM_SAFE_PORT_8443_TCP_ADDR… They are nobody's mistake.
bool from_service_discovery(std::string_view name, std::string_view value) {
    return name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_TCP") || name.contains("_UDP") ||
           (name.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://")));
}

std::string roles_text(std::uint32_t roles) {
    if (roles == by_all) return "every role";
    constexpr std::string_view names[] = {"safe", "sentinel", "sidecar", "init", "keystone", "keygen", "inspector", "exec", "dev", "the SDK"};
    std::string text;
    for (std::uint32_t bit = 0; bit < std::size(names); ++bit)
        if ((roles & 1u << bit) != 0) text += (text.empty() ? "" : ", ") + std::string(names[bit]);
    return text;
}

}  // namespace

std::span<variable const> all_variables() noexcept { return table; }

variable const* find_variable(std::string_view name) noexcept {
    for (auto const& v : table)
        if (v.name == name) return &v;
    return nullptr;
}

std::string variables_help() {
    std::string out = "Environment variables. Durations of ours take 250ms, 5s, 2m or 1h; those marked ms are whole milliseconds.\n";
    for (auto const& v : table) {
        if (v.from == ignored || v.from == refused) continue;
        out += std::format("\n{}\n    {}\n", v.name, v.doc);
        out += v.default_text.empty() ? "    not set by default" : std::format("    default {}", v.default_text);
        if (!v.unit.empty()) out += std::format(" ({})", v.unit);
        out += std::format("; read by {}{}\n", roles_text(v.roles), v.from == ours ? "; new here" : "");
        for (auto const alias : v.aliases)
            if (!alias.empty()) out += std::format("    older name: {}\n", alias);
    }
    out += "\nAccepted and without effect:";
    for (auto const& v : table)
        if (v.from == ignored) out += std::format("\n    {}: {}", v.name, v.doc);
    out += "\n\nNot supported:";
    for (auto const& v : table)
        if (v.from == refused) out += std::format("\n    {}: {}", v.name, v.doc);
    return out + "\n";
}

std::vector<std::string> variable_warnings(base::environment const& env) {
    std::vector<std::string> warnings;
    for (auto const& [name, value] : env.all()) {
        if (!name.starts_with("VSECM_") || value.empty()) continue;
        if (auto const* known = find_variable(name)) {
            if (known->from == refused) warnings.push_back(std::format("{} has no effect: {}", name, known->doc));
        } else if (auto const* renamed = find_by_alias(name)) {
            warnings.push_back(env.get(renamed->name)
                                   ? std::format("{} is ignored because {} is set", name, renamed->name)
                                   : std::format("{} is an older name: use {}", name, renamed->name));
        } else if (from_service_discovery(name, value)) {
            continue;
        } else if (auto const meant = nearest(name); !meant.empty()) {
            warnings.push_back(std::format("{} is not a variable of this program: did you mean {}?", name, meant));
        } else {
            warnings.push_back(std::format("{} is not a variable of this program", name));
        }
    }
    return warnings;
}

}  // namespace vsecm::config
