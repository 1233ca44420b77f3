#include "config/settings.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>

using namespace vsecm;
using namespace vsecm::config;
using namespace std::chrono_literals;
using base::errc;

namespace {

using values = std::map<std::string, std::string, std::less<>>;

// Loads, expecting success; gives back the warnings too.
template <class Settings>
std::pair<Settings, std::vector<std::string>> loaded(values v = {}) {
    std::vector<std::string> warnings;
    auto s = Settings::load(base::environment(std::move(v)), warnings);
    if (!s) FAIL(s.error().what);
    return {*std::move(s), std::move(warnings)};
}

template <class Settings>
base::error refused(values v) {
    std::vector<std::string> warnings;
    auto s = Settings::load(base::environment(std::move(v)), warnings);
    REQUIRE_FALSE(s.has_value());
    return s.error();
}

}  // namespace

TEST_CASE("an empty environment gives the original's defaults, without a word") {
    auto const [safe, warnings] = loaded<safe_settings>();
    CHECK(warnings.empty());
    CHECK(safe.log.level == base::log::level::warn);
    CHECK(safe.tls_address == ":8443");
    CHECK(safe.liveness_address == ":8081");
    CHECK(safe.readiness_address == ":8082");
    CHECK(safe.data_path == "/var/local/vsecm/data");
    CHECK(safe.store == backing_store::file);
    CHECK(safe.root_store == root_key_store::file);
    CHECK(safe.root_key_path == "/key/key.txt");
    CHECK(safe.backup_count == 3);
    CHECK_FALSE(safe.manual_root_key);
    CHECK_FALSE(safe.keep_given_root_key);
    CHECK_FALSE(safe.aes_mode);
    CHECK(safe.isolation == namespace_isolation::automatic);
    CHECK(safe.limits.max_body_len == 4u << 20);
    CHECK(safe.limits.max_connections == 20000);
    CHECK(safe.bootstrap_timeout == 300s);
    CHECK(safe.identity.socket == "unix:///spire-agent-socket/spire-agent.sock");
    CHECK(safe.identity.tls_groups == "X25519MLKEM768:X25519:P-256");
    CHECK(safe.backoff.max_wait == 30s);

    CHECK(loaded<sentinel_settings>().first.client.endpoint == "https://vsecm-safe.vsecm-system.svc.cluster.local:8443/");
    CHECK(loaded<sidecar_settings>().first.poll_interval == 20s);
    CHECK(loaded<init_settings>().first.poll_interval == 5s);
    CHECK(loaded<keystone_settings>().first.readiness_address.empty());
    CHECK(loaded<keygen_settings>().first.root_key_path == "/opt/vsecm/keys.txt");
    CHECK(loaded<inspector_settings>().first.client.identity_timeout == 10s);
    // No wait at all would be a loop without a pause in those who try again for ever.
    CHECK(loaded<sidecar_settings>({{"VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT", "0"}}).first.client.identity_timeout == 100ms);
}

TEST_CASE("variables are read, older names too, and the newer wins") {
    auto const [safe, warnings] = loaded<safe_settings>({{"VSECM_SAFE_THREADS", "4"},
                                                         {"VSECM_SAFE_FIPS_COMPLIANT", " True "},
                                                         {"VSECM_SAFE_CRYPTO_KEY_PATH", "/old"},
                                                         {"VSECM_SAFE_IDLE_TIMEOUT", "90s"},
                                                         {"VSECM_SAFE_MAX_BODY", "1MiB"},
                                                         {"VSECM_SAFE_BACKING_STORE", "memory"},
                                                         {"VSECM_SAFE_NAMESPACE_ISOLATION", "off"},
                                                         {"VSECM_LOG_LEVEL", "debug"},
                                                         {"VSECM_LOG_FORMAT", "json"},
                                                         {"VSECM_SYSTEM_NAMESPACE", "old"},
                                                         {"VSECM_NAMESPACE_SYSTEM", "new"}});
    CHECK(safe.threads == 4);
    CHECK(safe.aes_mode);
    CHECK(safe.root_key_path == "/old");
    CHECK(safe.limits.idle_timeout == 90s);
    CHECK(safe.limits.max_body_len == 1u << 20);
    CHECK(safe.store == backing_store::memory);
    CHECK(safe.isolation == namespace_isolation::off);
    CHECK(safe.log.level == base::log::level::debug);
    CHECK(safe.log.format == base::log::format::json);
    CHECK(safe.system_namespace == "new");
    CHECK(warnings.size() == 2);  // the two older names
}

TEST_CASE("metrics are told unless they are turned off") {
    CHECK(loaded<safe_settings>().first.metrics);
    CHECK(loaded<sentinel_settings>({{"VSECM_METRICS", "on"}}).first.metrics);
    CHECK_FALSE(loaded<safe_settings>({{"VSECM_METRICS", "off"}}).first.metrics);
    CHECK_FALSE(loaded<keystone_settings>({{"VSECM_METRICS", "false"}}).first.metrics);
}

TEST_CASE("how templates are rendered, and their limits") {
    auto const usual = loaded<sentinel_settings>().first.templates;
    gotmpl::render_options const own;  // the room's defaults and the table's agree
    CHECK(usual.numbers == own.numbers);
    CHECK(usual.bounds.max_output == own.bounds.max_output);
    CHECK(usual.bounds.max_texts == own.bounds.max_texts);
    CHECK(usual.bounds.max_steps == own.bounds.max_steps);
    CHECK(usual.bounds.max_depth == own.bounds.max_depth);
    auto const asked = loaded<sentinel_settings>({{"VSECM_SAFE_TEMPLATE_NUMBERS", "go"},
                                                  {"VSECM_SAFE_TEMPLATE_MAX_OUTPUT", "1KiB"},
                                                  {"VSECM_SAFE_TEMPLATE_MAX_STEPS", "10"},
                                                  {"VSECM_SAFE_TEMPLATE_MAX_DEPTH", "20"}})
                           .first.templates;
    CHECK(asked.numbers == gotmpl::number_style::go);
    CHECK(asked.bounds.max_output == 1024);
    CHECK(asked.bounds.max_steps == 10);
    CHECK(asked.bounds.max_depth == 20);
    for (auto const& [name, value] : {std::pair{"VSECM_SAFE_TEMPLATE_NUMBERS", "float"}, {"VSECM_SAFE_TEMPLATE_MAX_OUTPUT", "1TiB"},
                                      {"VSECM_SAFE_TEMPLATE_MAX_STEPS", "0"}, {"VSECM_SAFE_TEMPLATE_MAX_DEPTH", "4001"}})
        CHECK(refused<sentinel_settings>({{name, value}}).what.starts_with(name));
}

TEST_CASE("an original's variable that does not parse keeps its default, loudly, and its value stays private") {
    auto const [s, warnings] = loaded<sidecar_settings>({{"VSECM_SIDECAR_POLL_INTERVAL", "5s"}, {"VSECM_BACKOFF_DELAY", "hunter2"}});
    CHECK(s.poll_interval == 20s);
    CHECK(s.backoff.delay == 1s);
    REQUIRE(warnings.size() == 2);
    CHECK(warnings[1] == "VSECM_SIDECAR_POLL_INTERVAL is IGNORED: it must be whole milliseconds; the default (20000) is used");
    CHECK(warnings[0].find("hunter2") == std::string::npos);
    CHECK(loaded<log_settings>({{"VSECM_LOG_LEVEL", "0"}}).first.level == base::log::level::warn);  // Q55: 0 is not "off"
    CHECK(loaded<log_settings>({{"VSECM_LOG_LEVEL", "8"}}).first.level == base::log::level::warn);
    CHECK(loaded<log_settings>({{"VSECM_LOG_LEVEL", "7"}}).first.level == base::log::level::trace);
    auto const [b, unsure] = loaded<safe_settings>({{"VSECM_SAFE_FIPS_COMPLIANT", "ture"}});
    CHECK_FALSE(b.aes_mode);
    CHECK(unsure.size() == 1);
}

TEST_CASE("one of ours that does not parse is an error at start, by name, without the value") {
    values const bad[] = {{{"VSECM_SAFE_THREADS", "hunter2"}},       {{"VSECM_SAFE_THREADS", "-1"}},
                          {{"VSECM_SAFE_IDLE_TIMEOUT", "hunter2"}},  {{"VSECM_SAFE_MAX_BODY", "hunter2"}},
                          {{"VSECM_LOG_FORMAT", "hunter2"}},         {{"VSECM_SAFE_NAMESPACE_ISOLATION", "hunter2"}},
                          {{"VSECM_SAFE_MAX_CONNECTIONS", "0"}},     {{"VSECM_SAFE_TLS_PORT", "hunter2"}},
                          {{"VSECM_SAFE_MAX_VALUE", "5MiB"}},        {{"VSECM_SAFE_MAX_HEADER", "10"}}};
    for (auto const& v : bad) {
        INFO(v.begin()->first);
        auto const e = refused<safe_settings>(v);
        CHECK(e.code == errc::invalid);
        CHECK(e.what.find(v.begin()->first) != std::string::npos);
        CHECK(e.what.find("hunter2") == std::string::npos);
    }
    CHECK(refused<sidecar_settings>({{"VSECM_SIDECAR_FILE_MODE", "0999"}}).code == errc::invalid);
}

TEST_CASE("Q27: negative back-off values are safe: one attempt is always made") {
    auto const [b, warnings] = loaded<backoff_settings>(
        {{"VSECM_BACKOFF_MAX_RETRIES", "-3"}, {"VSECM_BACKOFF_DELAY", "-5"}, {"VSECM_BACKOFF_MAX_WAIT", "1"}, {"VSECM_BACKOFF_MODE", "fixed"}});
    CHECK(b.max_retries == 0);
    CHECK(b.delay == 1s);
    CHECK(b.max_wait == 1s);
    CHECK_FALSE(b.exponential);
    CHECK(warnings.size() == 1);
    CHECK(loaded<backoff_settings>({{"VSECM_BACKOFF_DELAY", "0"}}).first.delay == 1ms);
}

TEST_CASE("Q14: the AES throttle's variable is accepted and does nothing") {
    CHECK(loaded<safe_settings>({{"VSECM_SAFE_IV_INITIALIZATION_INTERVAL", "x"}}).second.empty());
}

TEST_CASE("choices this program does not have are clear errors") {
    auto const postgres = refused<safe_settings>({{"VSECM_SAFE_BACKING_STORE", "postgres"}});
    CHECK(postgres.code == errc::unsupported);
    CHECK(postgres.what == "VSECM_SAFE_BACKING_STORE=postgres is not supported: use file or memory");
    CHECK(refused<safe_settings>({{"VSECM_SAFE_BACKING_STORE", "etcd"}}).code == errc::invalid);
    CHECK(loaded<safe_settings>({{"VSECM_SAFE_BACKING_STORE", "in-memory"}}).first.store == backing_store::memory);

    CHECK(refused<safe_settings>({{"VSECM_SAFE_ROOT_KEY_STORE", "k8s"}}).what.contains("VSECM_SAFE_K8S_API_URL"));
    CHECK(refused<safe_settings>({{"VSECM_SAFE_ROOT_KEY_STORE", "vault"}}).code == errc::invalid);
    CHECK(loaded<safe_settings>({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"VSECM_SAFE_ROOT_KEY_STORE", "file"}}).second.empty());
    CHECK(loaded<safe_settings>({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"VSECM_ROOT_KEY_INPUT_MODE_MANUAL", "true"}}).first.manual_root_key);
    CHECK(refused<safe_settings>({{"VSECM_ROOT_KEY_INPUT_PERSIST", "perhaps"}}).code == errc::invalid);
    CHECK(loaded<sentinel_settings>({{"VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER", "true"}}).first.oidc_requested);
}

TEST_CASE("Q33: default patterns have escaped dots and follow the trust domain") {
    auto const [d, none] = loaded<identity_settings>();
    CHECK(d.ids.safe == R"(^spiffe://vsecm\.com/workload/vsecm-safe/ns/vsecm-system/sa/vsecm-safe/n/[^/]+$)");
    CHECK(none.empty());
    auto const [o, quiet] = loaded<identity_settings>({{"SPIFFE_TRUST_DOMAIN", "acme.example.org"}});
    CHECK(o.ids.workload_name_regexp == R"(^spiffe://acme\.example\.org/workload/([^/]+)/ns/[^/]+/sa/[^/]+/n/[^/]+$)");
    CHECK(quiet.empty());
    auto const [given, warned] = loaded<identity_settings>({{"VSECM_SPIFFEID_PREFIX_SAFE", "^spiffe://other.org/x$"},
                                                            {"VSECM_SPIFFEID_PREFIX_SENTINEL", R"(^spiffe://vsecm\.com/s$)"},
                                                            {"VSECM_SPIFFEID_PREFIX_WORKLOAD", "spiffe://vsecm.com/workload/"}});
    CHECK(given.ids.safe == "^spiffe://other.org/x$");
    CHECK(given.ids.workload == "spiffe://vsecm.com/workload/");
    CHECK(warned.size() == 1);
}

TEST_CASE("the sidecar's file is readable by the pod in a cluster and by its owner elsewhere") {
    CHECK(loaded<sidecar_settings>().first.volume.file_mode == 0600);
    CHECK(loaded<sidecar_settings>({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}).first.volume.file_mode == 0644);
    CHECK(loaded<sidecar_settings>({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"VSECM_SIDECAR_FILE_MODE", "0640"}}).first.volume.file_mode == 0640);
}

TEST_CASE("in a cluster the API server is where Kubernetes says, and keeps the root key") {
    auto const in_cluster = [](std::string host, values more = {}) {
        more.emplace("KUBERNETES_SERVICE_HOST", std::move(host));
        return loaded<safe_settings>(std::move(more)).first;
    };
    CHECK(in_cluster("10.0.0.1").kubernetes.api_url == "https://10.0.0.1:443");
    CHECK(in_cluster("10.0.0.1").root_store == root_key_store::k8s);
    CHECK(in_cluster("fd00::1", {{"KUBERNETES_SERVICE_PORT", "6443"}}).kubernetes.api_url == "https://[fd00::1]:6443");
    CHECK(in_cluster("10.0.0.1", {{"VSECM_SAFE_ROOT_KEY_STORE", "file"}}).root_store == root_key_store::file);
    auto const elsewhere = loaded<safe_settings>({{"VSECM_SAFE_K8S_API_URL", "https://api:6443"}}).first;
    CHECK(elsewhere.kubernetes.api_url == "https://api:6443");
    CHECK(elsewhere.root_store == root_key_store::file);  // only where it is asked for
    CHECK(loaded<safe_settings>({{"VSECM_SAFE_K8S_API_URL", "https://api:6443"}, {"VSECM_SAFE_ROOT_KEY_STORE", "k8s"}}).first.root_store == root_key_store::k8s);
    CHECK(loaded<safe_settings>().first.kubernetes.api_url.empty());
}

TEST_CASE("the sidecar's layout decides where it writes when nothing else does") {
    auto const path = [](values v) { return loaded<sidecar_settings>(std::move(v)).first.volume.path; };
    CHECK(path({}) == "/opt/vsecm/secrets.json");
    CHECK(path({{"VSECM_SIDECAR_LAYOUT", "keys"}}) == "/opt/vsecm/secrets");
    CHECK(path({{"VSECM_SIDECAR_LAYOUT", "dotenv"}}) == "/opt/vsecm/secrets.env");
    CHECK(path({{"VSECM_SIDECAR_LAYOUT", "keys"}, {"VSECM_SIDECAR_SECRETS_PATH", "/x"}}) == "/x");
    CHECK(refused<sidecar_settings>({{"VSECM_SIDECAR_LAYOUT", "dotenv"}, {"VSECM_SIDECAR_TEMPLATE", "/t"}}).what.contains("VSECM_SIDECAR_TEMPLATE"));
    auto const owned = loaded<init_settings>({{"VSECM_SIDECAR_FILE_OWNER", "1000:2000"}}).first.volume;
    CHECK(owned.user == 1000u);
    CHECK(owned.group == 2000u);
}

TEST_CASE("how a workload is told of changes: one way, and whole") {
    using action = change_settings::action;
    auto const told = [](values v) { return loaded<sidecar_settings>(std::move(v)).first.on_change; };
    CHECK(told({}).how == action::nothing);
    auto const signalled = told({{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "HUP"}, {"VSECM_SIDECAR_ON_CHANGE_PROCESS", "nginx"}});
    CHECK(signalled.how == action::signal);
    CHECK(signalled.signal == SIGHUP);
    CHECK(told({{"VSECM_SIDECAR_ON_CHANGE_COMMAND", "/bin/a  -b c"}}).command == std::vector<std::string>{"/bin/a", "-b", "c"});
    CHECK(told({{"VSECM_SIDECAR_ON_CHANGE_URL", "http://127.0.0.1/"}}).how == action::call);
    values const bad[] = {
        {{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "HUP"}},
        {{"VSECM_SIDECAR_ON_CHANGE_PROCESS", "nginx"}},
        {{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "HUP"}, {"VSECM_SIDECAR_ON_CHANGE_PROCESS", "a"}, {"VSECM_SIDECAR_ON_CHANGE_PID_FILE", "/b"}},
        {{"VSECM_SIDECAR_ON_CHANGE_SIGNAL", "1"}, {"VSECM_SIDECAR_ON_CHANGE_PROCESS", "nginx"}},
        {{"VSECM_SIDECAR_ON_CHANGE_COMMAND", "reload"}},
        {{"VSECM_SIDECAR_ON_CHANGE_COMMAND", "  "}},
        {{"VSECM_SIDECAR_ON_CHANGE_COMMAND", "/bin/a"}, {"VSECM_SIDECAR_ON_CHANGE_URL", "http://127.0.0.1/"}},
    };
    for (auto const& v : bad) CHECK(refused<sidecar_settings>(v).what.contains("VSECM_SIDECAR_ON_CHANGE_"));
}
