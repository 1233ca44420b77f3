#include "config/settings.hpp"

#include "config/parse.hpp"
#include "config/variable_reader.hpp"

#include <algorithm>
#include <format>
#include <limits>
#include <ranges>
#include <tuple>

namespace vsecm::config {

using base::errc;

namespace {

constexpr std::int64_t most_int = std::numeric_limits<std::int32_t>::max();

// The defaults of the table are for vsecm.com; in another trust domain they could match nobody.
std::string pattern(variable_reader& r, std::string_view name, std::string_view trust_domain) {
    constexpr std::string_view default_domain = R"(vsecm\.com)";
    std::string value = r.text(name);
    if (!r.is_given(name)) {
        std::string escaped;
        for (char const c : trust_domain) {
            if (c == '.') escaped += '\\';
            escaped += c;
        }
        if (auto const at = value.find(default_domain); at != value.npos) value.replace(at, default_domain.size(), escaped);
        return value;
    }
    // Regular expressions begin with this, dots escaped or not; any other text is a literal prefix.
    std::string unescaped;
    std::ranges::copy_if(value, std::back_inserter(unescaped), [](char c) { return c != '\\'; });
    if (value.starts_with('^') && !unescaped.starts_with(std::format("^spiffe://{}/", trust_domain)))
        r.warn(std::format("{} begins with ^ but not with ^spiffe://{}/: it is read as a literal prefix, which no SPIFFE ID has",
                           name, trust_domain));
    return value;
}

safe_limits load_limits(variable_reader& r) {
    auto const count = [&](std::string_view name, std::int64_t least) { return static_cast<std::size_t>(r.integer(name, least, most_int)); };
    safe_limits l;
    l.max_body_len = r.bytes("VSECM_SAFE_MAX_BODY");
    l.max_header_len = r.bytes("VSECM_SAFE_MAX_HEADER");
    l.max_value_len = r.bytes("VSECM_SAFE_MAX_VALUE");
    l.max_secrets = count("VSECM_SAFE_MAX_SECRETS", 1);
    l.max_connections = count("VSECM_SAFE_MAX_CONNECTIONS", 1);
    l.max_handshakes = count("VSECM_SAFE_MAX_HANDSHAKES", 1);
    l.max_queued_writes = count("VSECM_SAFE_MAX_QUEUED_WRITES", 1);
    l.handshake_timeout = r.duration("VSECM_SAFE_HANDSHAKE_TIMEOUT");
    l.request_timeout = r.duration("VSECM_SAFE_REQUEST_TIMEOUT");
    l.write_timeout = r.duration("VSECM_SAFE_WRITE_TIMEOUT");
    l.idle_timeout = r.duration("VSECM_SAFE_IDLE_TIMEOUT");
    l.max_wait = r.duration("VSECM_SAFE_MAX_WAIT");
    if (l.max_body_len > (256u << 20)) r.refuse(errc::invalid, "VSECM_SAFE_MAX_BODY must not exceed 256MiB");
    if (l.max_header_len < 1024 || l.max_header_len > (1u << 20))
        r.refuse(errc::invalid, "VSECM_SAFE_MAX_HEADER must be from 1KiB to 1MiB");
    if (l.max_value_len > l.max_body_len) r.refuse(errc::invalid, "VSECM_SAFE_MAX_VALUE must not exceed VSECM_SAFE_MAX_BODY");
    return l;
}

backing_store load_backing_store(variable_reader& r) {
    auto const word = r.text("VSECM_SAFE_BACKING_STORE");
    if (word == "memory" || word == "in-memory") return backing_store::memory;
    if (word == "postgres")
        r.refuse(errc::unsupported, "VSECM_SAFE_BACKING_STORE=postgres is not supported: use file or memory");
    else if (word != "file")
        r.refuse(errc::invalid, "VSECM_SAFE_BACKING_STORE must be file or memory");
    return backing_store::file;
}

root_key_store load_root_key_store(variable_reader& r, kubernetes_settings const& cluster, bool in_memory_only) {
    auto word = r.text("VSECM_SAFE_ROOT_KEY_STORE");
    if (word.empty()) word = r.in_cluster() ? "k8s" : "file";
    if (in_memory_only || word == "file") return root_key_store::file;
    if (word != "k8s")
        r.refuse(errc::invalid, "VSECM_SAFE_ROOT_KEY_STORE must be k8s or file");
    else if (cluster.api_url.empty())
        r.refuse(errc::invalid, "VSECM_SAFE_ROOT_KEY_STORE=k8s needs an API server: outside of a cluster, VSECM_SAFE_K8S_API_URL names one");
    return root_key_store::k8s;
}

// --- what several roles share ---------------------------------------------------------------------------------------

void read(variable_reader& r, log_settings& s) {
    constexpr std::string_view words[] = {"fatal", "error", "warn", "info", "audit", "debug", "trace"};
    auto const word = std::ranges::find(words, r.text("VSECM_LOG_LEVEL"));
    s.level = static_cast<base::log::level>(word != std::end(words) ? word - words + 1 : r.integer("VSECM_LOG_LEVEL", 1, 7));
    s.format = r.choice("VSECM_LOG_FORMAT") == 1 ? base::log::format::json : base::log::format::text;
}

void read(variable_reader& r, identity_settings& s) {
    s.socket = r.text("SPIFFE_ENDPOINT_SOCKET");
    auto const domain = r.text("SPIFFE_TRUST_DOMAIN");
    s.ids.trust_domain = domain;
    s.ids.workload_name_regexp = pattern(r, "VSECM_WORKLOAD_NAME_REGEXP", domain);
    s.ids.workload = pattern(r, "VSECM_SPIFFEID_PREFIX_WORKLOAD", domain);
    s.ids.safe = pattern(r, "VSECM_SPIFFEID_PREFIX_SAFE", domain);
    s.ids.sentinel = pattern(r, "VSECM_SPIFFEID_PREFIX_SENTINEL", domain);
    s.ids.scout = pattern(r, "VSECM_SPIFFEID_PREFIX_SCOUT", domain);
    s.ids.clerk = pattern(r, "VSECM_SPIFFEID_PREFIX_CLERK", domain);
    s.tls_groups = r.text("VSECM_TLS_GROUPS");
}

void read(variable_reader& r, backoff_settings& s) {
    s.delay = std::max(r.duration("VSECM_BACKOFF_DELAY"), milliseconds{1});
    s.max_wait = std::max(r.duration("VSECM_BACKOFF_MAX_WAIT"), s.delay);
    // Negative: the original then does nothing at all and reports success. One attempt is always made.
    s.max_retries = static_cast<unsigned>(std::max<std::int64_t>(r.integer("VSECM_BACKOFF_MAX_RETRIES", -most_int - 1, most_int), 0));
    s.exponential = r.text("VSECM_BACKOFF_MODE") == "exponential";
}

void read(variable_reader& r, client_settings& s) {
    s.endpoint = r.text("VSECM_SAFE_ENDPOINT_URL");
    // None at all would never let the answer arrive, and those who try again for ever would do so without a pause.
    s.identity_timeout = std::max(r.duration("VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT"), milliseconds{100});
    s.request_timeout = r.duration("VSECM_REQUEST_TIMEOUT");
}

void read(variable_reader& r, gotmpl::render_options& o) {
    o.numbers = r.choice("VSECM_SAFE_TEMPLATE_NUMBERS") == 1 ? gotmpl::number_style::go : gotmpl::number_style::exact;
    o.bounds.max_output = r.bytes("VSECM_SAFE_TEMPLATE_MAX_OUTPUT");
    if (o.bounds.max_output > (256u << 20)) r.refuse(errc::invalid, "VSECM_SAFE_TEMPLATE_MAX_OUTPUT must not exceed 256MiB");
    o.bounds.max_texts = 2 * o.bounds.max_output;
    o.bounds.max_steps = static_cast<std::uint64_t>(r.integer("VSECM_SAFE_TEMPLATE_MAX_STEPS", 1, most_int));
    o.bounds.max_depth = static_cast<std::size_t>(r.integer("VSECM_SAFE_TEMPLATE_MAX_DEPTH", 1, 4000));  // 4 MB of stack
}

void read(variable_reader& r, kubernetes_settings& s) {
    s.api_url = r.text("VSECM_SAFE_K8S_API_URL");
    if (auto const host = r.text("KUBERNETES_SERVICE_HOST"); s.api_url.empty() && !host.empty())
        s.api_url = std::format("https://{}:{}", host.contains(':') ? "[" + host + "]" : host, r.text("KUBERNETES_SERVICE_PORT"));
    s.account_path = r.text("VSECM_SAFE_K8S_ACCOUNT_PATH");
    s.request_timeout = std::max(r.duration("VSECM_SAFE_K8S_REQUEST_TIMEOUT"), milliseconds{100});
    s.sync_interval = std::max(r.duration("VSECM_SAFE_K8S_SYNC_INTERVAL"), milliseconds{100});
    s.delete_secrets = r.choice("VSECM_SAFE_K8S_SECRET_DELETE") == 1;
}

void read(variable_reader& r, volume_settings& s) {
    s.layout = static_cast<volume_layout>(r.choice("VSECM_SIDECAR_LAYOUT"));
    s.path = r.text("VSECM_SIDECAR_SECRETS_PATH");
    if (!r.is_given("VSECM_SIDECAR_SECRETS_PATH") && s.layout != volume_layout::file)
        s.path = s.layout == volume_layout::keys ? "/opt/vsecm/secrets" : "/opt/vsecm/secrets.env";
    s.template_path = r.text("VSECM_SIDECAR_TEMPLATE");
    if (!s.template_path.empty() && s.layout == volume_layout::dotenv)
        r.refuse(errc::invalid, "VSECM_SIDECAR_TEMPLATE goes with VSECM_SIDECAR_LAYOUT file or keys");
    if (auto const mode = r.text("VSECM_SIDECAR_FILE_MODE"); mode.empty()) {
        s.file_mode = r.in_cluster() ? 0644 : 0600;
    } else if (auto const parsed = parse_octal_mode(mode)) {
        s.file_mode = *parsed;
    } else {
        r.refuse(errc::invalid, "VSECM_SIDECAR_FILE_MODE must be an octal mode like 0640");
    }
    if (auto const owner = r.text("VSECM_SIDECAR_FILE_OWNER"); !owner.empty()) {
        auto const parsed = parse_owner(owner);
        if (!parsed) r.refuse(errc::invalid, "VSECM_SIDECAR_FILE_OWNER must be numbers: UID, UID:GID or :GID");
        else std::tie(s.user, s.group) = *parsed;
    }
}

// Between blanks. There is no shell, so nothing is quoted and nothing has a meaning.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (auto const part : text | std::views::split(' '))
        if (!part.empty()) words.emplace_back(part.begin(), part.end());
    return words;
}

void read(variable_reader& r, change_settings& s) {
    using action = change_settings::action;
    auto const signal = r.text("VSECM_SIDECAR_ON_CHANGE_SIGNAL");
    auto const command = r.text("VSECM_SIDECAR_ON_CHANGE_COMMAND");
    s.pid_file = r.text("VSECM_SIDECAR_ON_CHANGE_PID_FILE");
    s.process_name = r.text("VSECM_SIDECAR_ON_CHANGE_PROCESS");
    s.url = r.text("VSECM_SIDECAR_ON_CHANGE_URL");
    s.timeout = std::max(r.duration("VSECM_SIDECAR_ON_CHANGE_TIMEOUT"), milliseconds{100});
    s.interval = r.duration("VSECM_SIDECAR_ON_CHANGE_INTERVAL");
    std::string const* const ways[] = {&signal, &command, &s.url};
    if (std::ranges::count_if(ways, [](auto const* way) { return !way->empty(); }) > 1)
        r.refuse(errc::invalid, "of VSECM_SIDECAR_ON_CHANGE_SIGNAL, _COMMAND and _URL only one may be set");
    if (signal.empty() != (s.pid_file.empty() && s.process_name.empty()) || (!s.pid_file.empty() && !s.process_name.empty()))
        r.refuse(errc::invalid, "VSECM_SIDECAR_ON_CHANGE_SIGNAL goes with one of VSECM_SIDECAR_ON_CHANGE_PID_FILE and VSECM_SIDECAR_ON_CHANGE_PROCESS");
    s.command = words_of(command);
    if (!signal.empty()) {
        s.how = action::signal;
        s.signal = parse_signal(signal).value_or(0);
        if (s.signal == 0) r.refuse(errc::invalid, "VSECM_SIDECAR_ON_CHANGE_SIGNAL must be one of HUP, INT, QUIT, USR1, USR2, TERM, KILL, CONT and WINCH");
    } else if (!command.empty()) {
        s.how = action::command;
        if (s.command.empty() || !s.command.front().starts_with('/')) r.refuse(errc::invalid, "VSECM_SIDECAR_ON_CHANGE_COMMAND must begin with the absolute path of a program");
    } else if (!s.url.empty()) {
        s.how = action::call;
    }
}

// --- one role each --------------------------------------------------------------------------------------------------

template <class... Parts>
void read_each(variable_reader& r, Parts&... parts) {
    (read(r, parts), ...);
}

void read(variable_reader& r, safe_settings& s) {
    read_each(r, s.log, s.identity, s.backoff, s.kubernetes);
    s.tls_address = r.address("VSECM_SAFE_TLS_PORT");
    s.liveness_address = r.address("VSECM_PROBE_LIVENESS_PORT");
    s.readiness_address = r.address("VSECM_PROBE_READINESS_PORT");
    s.metrics = r.boolean("VSECM_METRICS");
    s.ports_file = r.text("VSECM_SAFE_PORTS_FILE");
    s.threads = static_cast<unsigned>(r.integer("VSECM_SAFE_THREADS", 0, 256));
    s.store_threads = static_cast<unsigned>(r.integer("VSECM_SAFE_STORE_THREADS", 1, 64));
    s.store = load_backing_store(r);
    s.data_path = r.text("VSECM_SAFE_DATA_PATH");
    s.backup_count = static_cast<unsigned>(r.integer("VSECM_SAFE_SECRET_BACKUP_COUNT", 0, 1000));
    s.manual_root_key = r.boolean("VSECM_ROOT_KEY_INPUT_MODE_MANUAL");
    s.keep_given_root_key = r.boolean("VSECM_ROOT_KEY_INPUT_PERSIST");
    s.root_store = load_root_key_store(r, s.kubernetes, s.manual_root_key && !s.keep_given_root_key);
    s.root_key_path = r.text("VSECM_ROOT_KEY_PATH");
    s.root_key_name = r.text("VSECM_ROOT_KEY_NAME");
    s.system_namespace = r.text("VSECM_NAMESPACE_SYSTEM");
    s.aes_mode = r.boolean("VSECM_SAFE_FIPS_COMPLIANT");
    s.raw_prefix = r.text("VSECM_SAFE_RAW_SECRET_PREFIX");
    s.kubernetes_prefix = r.text("VSECM_SAFE_STORE_WORKLOAD_SECRET_AS_K8S_SECRET_PREFIX");
    s.isolation = static_cast<namespace_isolation>(r.choice("VSECM_SAFE_NAMESPACE_ISOLATION"));
    s.enforce_dates = r.boolean("VSECM_SAFE_ENFORCE_DATES");
    read(r, s.templates);
    s.audit_path = r.text("VSECM_SAFE_AUDIT_PATH");
    s.bootstrap_timeout = r.duration("VSECM_SAFE_BOOTSTRAP_TIMEOUT");
    s.shutdown_timeout = r.duration("VSECM_SAFE_SHUTDOWN_TIMEOUT");
    s.limits = load_limits(r);
}

void read(variable_reader& r, sentinel_settings& s) {
    read_each(r, s.log, s.identity, s.backoff, s.client);
    s.liveness_address = r.address("VSECM_PROBE_LIVENESS_PORT");
    s.metrics = r.boolean("VSECM_METRICS");
    s.ports_file = r.text("VSECM_SENTINEL_PORTS_FILE");
    s.oidc_requested = r.boolean("VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER");
    s.init_command_path = r.text("VSECM_SENTINEL_INIT_COMMAND_PATH");
    s.wait_before_exec = r.duration("VSECM_SENTINEL_INIT_COMMAND_WAIT_BEFORE_EXEC");
    s.wait_after_init = r.duration("VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_INIT_COMPLETE");
    s.system_namespace = r.text("VSECM_NAMESPACE_SYSTEM");
    s.generation_prefix = r.text("VSECM_SENTINEL_SECRET_GENERATION_PREFIX");
    read(r, s.templates);
    s.raw_prefix = r.text("VSECM_SAFE_RAW_SECRET_PREFIX");
    s.kubernetes_prefix = r.text("VSECM_SAFE_STORE_WORKLOAD_SECRET_AS_K8S_SECRET_PREFIX");
}

// How a secret is followed: the sidecar's variables, which the original's SDK reads too.
void read_following(variable_reader& r, auto& s) {
    s.poll_interval = std::max(r.duration("VSECM_SIDECAR_POLL_INTERVAL"), milliseconds{1});
    s.max_poll_interval = std::max(r.duration("VSECM_SIDECAR_MAX_POLL_INTERVAL"), s.poll_interval);
    s.wait = r.duration("VSECM_SIDECAR_WAIT");
}

void read(variable_reader& r, sidecar_settings& s) {
    read_each(r, s.log, s.identity, s.backoff, s.client, s.volume, s.on_change);
    s.probe_address = r.address("VSECM_SIDECAR_PROBE_PORT");
    s.metrics = r.boolean("VSECM_METRICS");
    s.ports_file = r.text("VSECM_SIDECAR_PORTS_FILE");
    read_following(r, s);
}

void read(variable_reader& r, init_settings& s) {
    read_each(r, s.log, s.identity, s.client, s.kubernetes, s.volume);
    s.poll_interval = std::max(r.duration("VSECM_INIT_CONTAINER_POLL_INTERVAL"), milliseconds{1});
    s.wait_before_exit = r.duration("VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT");
}

void read(variable_reader& r, keystone_settings& s) {
    read_each(r, s.log, s.identity, s.client);
    s.poll_interval = std::max(r.duration("VSECM_INIT_CONTAINER_POLL_INTERVAL"), milliseconds{1});
    s.readiness_address = r.address("VSECM_KEYSTONE_READINESS_PORT");
    s.metrics = r.boolean("VSECM_METRICS");
    s.ports_file = r.text("VSECM_KEYSTONE_PORTS_FILE");
}

void read(variable_reader& r, keygen_settings& s) {
    s.decrypt = r.boolean("VSECM_KEYGEN_DECRYPT");
    s.exported_secret_path = r.text("VSECM_KEYGEN_EXPORTED_SECRET_PATH");
    s.root_key_path = r.text("VSECM_KEYGEN_ROOT_KEY_PATH");
}

void read(variable_reader& r, inspector_settings& s) { read_each(r, s.log, s.identity, s.client); }

void read(variable_reader& r, sdk_settings& s) {
    read_each(r, s.identity, s.client);
    read_following(r, s);
}

template <class Settings>
base::result<Settings> load_part(base::environment const& env, std::vector<std::string>& warnings, std::span<std::string_view const> strict = {}) {
    variable_reader r(env, warnings, strict);
    Settings s;
    read(r, s);
    return r.finish(std::move(s));
}

template <class Settings>
base::result<Settings> load_role(base::environment const& env, std::vector<std::string>& warnings) {
    auto loaded = load_part<Settings>(env, warnings);
    for (auto& sentence : variable_warnings(env)) warnings.push_back(std::move(sentence));
    return loaded;
}

}  // namespace

base::result<log_settings> log_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_part<log_settings>(env, warnings);
}
base::result<identity_settings> identity_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_part<identity_settings>(env, warnings);
}
base::result<backoff_settings> backoff_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_part<backoff_settings>(env, warnings);
}
base::result<client_settings> client_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_part<client_settings>(env, warnings);
}
base::result<safe_settings> safe_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<safe_settings>(env, warnings);
}
base::result<sentinel_settings> sentinel_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<sentinel_settings>(env, warnings);
}
base::result<sidecar_settings> sidecar_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<sidecar_settings>(env, warnings);
}
base::result<init_settings> init_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<init_settings>(env, warnings);
}
base::result<keystone_settings> keystone_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<keystone_settings>(env, warnings);
}
base::result<keygen_settings> keygen_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<keygen_settings>(env, warnings);
}
base::result<sdk_settings> sdk_settings::load(base::environment const& env, std::vector<std::string>& warnings, std::span<std::string_view const> strict) {
    return load_part<sdk_settings>(env, warnings, strict);  // other names of the program's environment are not ours to judge
}
base::result<inspector_settings> inspector_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    return load_role<inspector_settings>(env, warnings);
}

}  // namespace vsecm::config
