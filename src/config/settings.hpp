// Typed settings, one struct a role, loaded once at start. Nothing else reads the environment's names.
//
// load() appends sentences for people to `warnings` and fails with errc::invalid, naming the variable, for one of ours
// that does not parse (and an address that is none), or errc::unsupported for a choice this program does not have. An
// original's variable that does not parse keeps its default and is warned about. The structs of whole roles (safe,
// sentinel, sidecar, init, keystone, keygen, inspector) add variable_warnings(). Values are never repeated.
#pragma once

#include "base/env.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/identity_patterns.hpp"
#include "gotmpl/options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::config {

using std::chrono::milliseconds;

struct log_settings {
    base::log::level level = base::log::level::warn;  // VSECM_LOG_LEVEL 1..7, else 3
    base::log::format format = base::log::format::text;
    static base::result<log_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

// Who we are and how we recognise the others. No pattern is empty: defaults are regular expressions with the dots of the
// trust domain escaped.
struct identity_settings {
    std::string socket;  // "unix:///…" or "tcp://…"; SPIFFE_ENDPOINT_SOCKET
    identity_patterns ids;
    std::string tls_groups;  // OpenSSL's list, "X25519MLKEM768:X25519:P-256"
    static base::result<identity_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

struct backoff_settings {
    milliseconds delay{1000};      // at least 1 ms
    milliseconds max_wait{30000};  // at least `delay`
    unsigned max_retries = 10;     // attempts = this + 1; negative reads as 0: one attempt, never none
    bool exponential = true;
    static base::result<backoff_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

enum class backing_store { file, memory };
enum class root_key_store { file, k8s };
enum class namespace_isolation { automatic, enforce, warn, off };  // automatic: by the data folder's marker

// The API server of Kubernetes and what is kept there.
struct kubernetes_settings {
    std::string api_url;       // "https://10.0.0.1:443"; empty: there is none
    std::string account_path;  // folder of the service account: token, ca.crt, namespace
    milliseconds request_timeout{10000};
    milliseconds sync_interval{300000};  // how often what was written there is looked at again
    bool delete_secrets = false;         // with the secret they were made from
};

struct safe_limits {
    std::size_t max_body_len = 0;       // of a request
    std::size_t max_header_len = 0;     // request line and headers
    std::size_t max_value_len = 0;      // of one secret
    std::size_t max_secrets = 0;
    std::size_t max_connections = 0;
    std::size_t max_handshakes = 0;     // unfinished ones
    std::size_t max_queued_writes = 0;  // beyond: 429
    milliseconds handshake_timeout{}, request_timeout{}, idle_timeout{}, write_timeout{};
    milliseconds max_wait{};            // longest long poll
};

struct safe_settings {
    log_settings log;
    identity_settings identity;
    backoff_settings backoff;
    kubernetes_settings kubernetes;
    std::string tls_address;        // ":8443"
    std::string liveness_address;   // ":8081"
    std::string readiness_address;  // ":8082"
    bool metrics = true;            // /metrics on both of them
    std::string ports_file;         // if not empty: `api=PORT`, `live=PORT`, `ready=PORT` lines with what was bound
    unsigned threads = 0;           // 0: the cores
    unsigned store_threads = 0;     // writers of one batch
    backing_store store = backing_store::file;
    std::string data_path;
    unsigned backup_count = 3;      // earlier versions kept per secret
    root_key_store root_store = root_key_store::file;
    std::string root_key_path;
    std::string root_key_name;      // of the Kubernetes Secret
    std::string system_namespace;
    bool manual_root_key = false;
    bool keep_given_root_key = false;  // given by hand, it is stored all the same, and read at the next start
    bool aes_mode = false;          // VSECM_SAFE_FIPS_COMPLIANT: write AES-256-GCM instead of age
    std::string raw_prefix, kubernetes_prefix;
    namespace_isolation isolation = namespace_isolation::automatic;
    bool enforce_dates = false;     // not before and expires decide what a workload gets
    gotmpl::render_options templates;  // VSECM_SAFE_TEMPLATE_*
    std::string audit_path;         // "stdout", "stderr", "off", or a file appended to
    milliseconds bootstrap_timeout{300000};
    milliseconds shutdown_timeout{10000};
    safe_limits limits;
    static base::result<safe_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

// What every client of safe needs.
struct client_settings {
    std::string endpoint;                 // VSECM_SAFE_ENDPOINT_URL
    milliseconds identity_timeout{10000};  // to obtain an identity
    milliseconds request_timeout{10000};   // connection and answer, long polls excepted
    static base::result<client_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

struct sentinel_settings {
    log_settings log;
    identity_settings identity;
    backoff_settings backoff;
    client_settings client;
    std::string liveness_address;
    bool metrics = true;            // /metrics there
    std::string ports_file;         // if not empty: a `live=PORT` line
    bool oidc_requested = false;    // not built: `sentinel serve` refuses to start
    std::string init_command_path;
    milliseconds wait_before_exec{0}, wait_after_init{0};
    std::string system_namespace;
    std::string generation_prefix;  // "gen:"
    std::string raw_prefix, kubernetes_prefix;
    gotmpl::render_options templates;  // VSECM_SAFE_TEMPLATE_*
    static base::result<sentinel_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

enum class volume_layout { file, keys, dotenv };

// What a workload finds on its volume: kept by the sidecar, written once by init.
struct volume_settings {
    volume_layout layout = volume_layout::file;
    std::string path;                        // the file; of `keys` the folder
    std::string template_path;               // empty: none; a folder of them with `keys` only
    std::uint32_t file_mode = 0600;          // not set: 0644 in a Kubernetes pod, else 0600
    std::optional<std::uint32_t> user, group;  // none: as they come
};

// How a workload is told that its files have changed.
struct change_settings {
    enum class action { nothing, signal, command, call };
    action how = action::nothing;
    int signal = 0;
    std::string pid_file, process_name;  // one of them says who gets it
    std::vector<std::string> command;    // the first is an absolute path
    std::string url;
    milliseconds timeout{10000};         // of a command or a call
    milliseconds interval{1000};         // between being told twice, at least
};

struct sidecar_settings {
    log_settings log;
    identity_settings identity;
    backoff_settings backoff;
    client_settings client;
    milliseconds poll_interval{20000};      // between fetches, when safe does not hold requests
    milliseconds max_poll_interval{300000}; // longest pause while safe is away
    milliseconds wait{50000};               // how long a request may be held
    volume_settings volume;
    change_settings on_change;
    std::string probe_address;              // "" = none
    bool metrics = true;                    // /metrics there
    std::string ports_file;                 // if not empty: a `probe=PORT` line
    static base::result<sidecar_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

struct init_settings {
    log_settings log;
    identity_settings identity;
    client_settings client;
    kubernetes_settings kubernetes;
    volume_settings volume;         // for --file
    milliseconds poll_interval{5000};
    milliseconds wait_before_exit{0};
    static base::result<init_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

struct keystone_settings {
    log_settings log;
    identity_settings identity;
    client_settings client;
    milliseconds poll_interval{5000};
    std::string readiness_address;  // "" = none
    bool metrics = true;            // /metrics there
    std::string ports_file;
    static base::result<keystone_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

struct keygen_settings {
    bool decrypt = false;
    std::string exported_secret_path;
    std::string root_key_path;
    static base::result<keygen_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

// A program that has our library in it.
struct sdk_settings {
    identity_settings identity;
    client_settings client;
    milliseconds poll_interval{20000};
    milliseconds max_poll_interval{300000};
    milliseconds wait{50000};
    // Of `strict` an original's variable that does not parse is an error as well: the program itself has given it.
    static base::result<sdk_settings> load(base::environment const& env, std::vector<std::string>& warnings, std::span<std::string_view const> strict = {});
};

// inspector and exec: one fetch.
struct inspector_settings {
    log_settings log;
    identity_settings identity;
    client_settings client;
    static base::result<inspector_settings> load(base::environment const& env, std::vector<std::string>& warnings);
};

}  // namespace vsecm::config
