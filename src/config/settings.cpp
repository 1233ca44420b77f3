#include "config/settings.hpp"

#include "base/check.hpp"
#include "base/try.hpp"
#include "config/parse.hpp"
#include "config/variables.hpp"

#include <algorithm>
#include <format>
#include <limits>

namespace vsecm::config {

using base::errc;
using base::fail;

namespace {

// Reads variables by the rows of the table. The first of ours that does not parse is kept as the error; every read
// still gives a usable value, so that a load function reads straight down and asks once, at its end.
class reader {
public:
    reader(base::environment const& env, std::vector<std::string>& warnings) : env_(env), warnings_(warnings) {}

    std::string text(std::string_view name) { return std::string(look_up(name).given_or_default()); }

    milliseconds duration(std::string_view name) {
        auto const v = look_up(name);
        auto const parse = v.row->from == origin::ours ? parse_duration : parse_original_ms;
        auto const value = parsed(v, parse, "a duration like 5s or 250ms", "whole milliseconds");
        // The original takes negative milliseconds and then panics or spins on them.
        if (value.count() >= 0) return value;
        complain(v, "zero or more milliseconds");
        return *parse_original_ms(v.row->default_text);
    }

    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most) {
        auto const v = look_up(name);
        auto const value = parsed(v, parse_int, "a whole number", "a whole number");
        if (value >= least && value <= most) return value;
        complain(v, std::format("a number from {} to {}", least, most));
        return *parse_int(v.row->default_text);
    }

    bool boolean(std::string_view name) {
        auto const v = look_up(name);
        // In the original anything but "true" is false: nothing to complain about but a likely mistake.
        if (v.row->from == origin::original) {
            if (v.given && !parse_bool(*v.given)) complain(v, "true or false");
            return parse_original_bool(v.given_or_default());
        }
        return parsed(v, parse_bool, "true or false", "true or false");
    }

    std::size_t bytes(std::string_view name) {
        return parsed(look_up(name), parse_bytes, "a number of bytes like 65536, 64KiB or 4MiB", "");
    }

    // One of the words of the row's unit; gives its position.
    std::size_t choice(std::string_view name) {
        auto const v = look_up(name);
        if (auto const at = position(v.row->unit, v.given_or_default()); at != npos) return at;
        complain(v, std::format("one of {}", v.row->unit));
        return position(v.row->unit, v.row->default_text);
    }

    // An address that is none is an error of the original's variables too: guessing a port helps nobody.
    std::string address(std::string_view name) {
        auto const v = look_up(name);
        auto const given = v.given_or_default();
        if (given.empty() || is_address(given)) return std::string(given);
        refuse(errc::invalid, std::format("{} must be an address like :8443 or 127.0.0.1:8443", name));
        return std::string(v.row->default_text);
    }

    void refuse(errc code, std::string what) {
        if (!error_) error_ = base::error{code, std::move(what)};
    }
    bool is_given(std::string_view name) const { return look_up(name).given.has_value(); }
    void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

    template <class Settings>
    base::result<Settings> finish(Settings&& settings) {
        if (error_) return std::unexpected(*std::move(error_));
        return std::move(settings);
    }

private:
    static constexpr std::size_t npos = std::string_view::npos;

    struct found {
        variable const* row;
        std::optional<std::string_view> given;
        std::string_view given_or_default() const { return given.value_or(row->default_text); }
    };

    found look_up(std::string_view name) const {
        auto const* row = find_variable(name);
        VSECM_CHECK(row != nullptr);
        auto given = env_.get(name);
        for (auto const alias : row->aliases)
            if (!given && !alias.empty()) given = env_.get(alias);
        return {row, given};
    }

    template <class T>
    T parsed(found const& v, std::optional<T> (*parse)(std::string_view) noexcept, std::string_view ours_expect, std::string_view originals_expect) {
        if (v.given) {
            if (auto const value = parse(*v.given)) return *value;
            complain(v, v.row->from == origin::ours ? ours_expect : originals_expect);
        }
        auto const value = parse(v.row->default_text);
        VSECM_CHECK(value.has_value());
        return *value;
    }

    void complain(found const& v, std::string_view expected) {
        if (v.row->from == origin::ours)
            refuse(errc::invalid, std::format("{} must be {}", v.row->name, expected));
        else
            warn(std::format("{} is IGNORED: it must be {}; the default ({}) is used", v.row->name, expected, v.row->default_text));
    }

    static std::size_t position(std::string_view words, std::string_view word) {
        for (std::size_t at = 0;; ++at) {
            auto const bar = words.find('|');
            if (words.substr(0, bar) == word) return at;
            if (bar == words.npos) return npos;
            words.remove_prefix(bar + 1);
        }
    }

    base::environment const& env_;
    std::vector<std::string>& warnings_;
    std::optional<base::error> error_;
};

constexpr std::int64_t most_int = std::numeric_limits<std::int32_t>::max();

void add_variable_warnings(base::environment const& env, std::vector<std::string>& warnings) {
    for (auto& sentence : variable_warnings(env)) warnings.push_back(std::move(sentence));
}

bool in_cluster(base::environment const& env) { return env.get("KUBERNETES_SERVICE_HOST").has_value(); }

// The defaults of the table are for vsecm.com; in another trust domain they could match nobody.
std::string pattern(reader& r, std::string_view name, std::string_view trust_domain) {
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

safe_limits load_limits(reader& r) {
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

backing_store load_backing_store(reader& r) {
    auto const word = r.text("VSECM_SAFE_BACKING_STORE");
    if (word == "memory" || word == "in-memory") return backing_store::memory;
    if (word == "postgres")
        r.refuse(errc::unsupported, "VSECM_SAFE_BACKING_STORE=postgres is not supported: use file or memory");
    else if (word != "file")
        r.refuse(errc::invalid, "VSECM_SAFE_BACKING_STORE must be file or memory");
    return backing_store::file;
}

root_key_store load_root_key_store(reader& r, bool cluster, bool manual) {
    auto word = r.text("VSECM_SAFE_ROOT_KEY_STORE");
    bool const given = !word.empty();
    if (!given) word = cluster ? "k8s" : "file";
    if (manual || word == "file") return root_key_store::file;
    if (word == "k8s")
        r.refuse(errc::unsupported, given ? "VSECM_SAFE_ROOT_KEY_STORE=k8s is not supported yet: use file"
                                          : "in a cluster the root key would be kept in a Kubernetes Secret, which is not "
                                            "supported yet: set VSECM_SAFE_ROOT_KEY_STORE=file");
    else
        r.refuse(errc::invalid, "VSECM_SAFE_ROOT_KEY_STORE must be k8s or file");
    return root_key_store::file;
}

}  // namespace

base::result<log_settings> log_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    log_settings s;
    constexpr std::string_view words[] = {"fatal", "error", "warn", "info", "audit", "debug", "trace"};
    auto const word = std::ranges::find(words, r.text("VSECM_LOG_LEVEL"));
    s.level = static_cast<base::log::level>(word != std::end(words) ? word - words + 1 : r.integer("VSECM_LOG_LEVEL", 1, 7));
    s.format = r.choice("VSECM_LOG_FORMAT") == 1 ? base::log::format::json : base::log::format::text;
    return r.finish(std::move(s));
}

base::result<identity_settings> identity_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    identity_settings s;
    s.socket = r.text("SPIFFE_ENDPOINT_SOCKET");
    s.trust_domain = r.text("SPIFFE_TRUST_DOMAIN");
    s.workload_pattern = pattern(r, "VSECM_SPIFFEID_PREFIX_WORKLOAD", s.trust_domain);
    s.workload_name_pattern = pattern(r, "VSECM_WORKLOAD_NAME_REGEXP", s.trust_domain);
    s.safe_pattern = pattern(r, "VSECM_SPIFFEID_PREFIX_SAFE", s.trust_domain);
    s.sentinel_pattern = pattern(r, "VSECM_SPIFFEID_PREFIX_SENTINEL", s.trust_domain);
    s.scout_pattern = pattern(r, "VSECM_SPIFFEID_PREFIX_SCOUT", s.trust_domain);
    s.clerk_pattern = pattern(r, "VSECM_SPIFFEID_PREFIX_CLERK", s.trust_domain);
    s.tls_groups = r.text("VSECM_TLS_GROUPS");
    return r.finish(std::move(s));
}

base::result<backoff_settings> backoff_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    backoff_settings s;
    s.delay = std::max(r.duration("VSECM_BACKOFF_DELAY"), milliseconds{1});
    s.max_wait = std::max(r.duration("VSECM_BACKOFF_MAX_WAIT"), s.delay);
    // Negative: the original then does nothing at all and reports success. One attempt is always made.
    s.max_retries = static_cast<unsigned>(std::max<std::int64_t>(r.integer("VSECM_BACKOFF_MAX_RETRIES", -most_int - 1, most_int), 0));
    s.exponential = r.text("VSECM_BACKOFF_MODE") == "exponential";
    return r.finish(std::move(s));
}

base::result<client_settings> client_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    client_settings s;
    s.endpoint = r.text("VSECM_SAFE_ENDPOINT_URL");
    // None at all would never let the answer arrive, and those who try again for ever would do so without a pause.
    s.identity_timeout = std::max(r.duration("VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT"), milliseconds{100});
    s.request_timeout = r.duration("VSECM_REQUEST_TIMEOUT");
    return r.finish(std::move(s));
}

base::result<safe_settings> safe_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    safe_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(backoff, backoff_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.backoff = backoff;
    s.tls_address = r.address("VSECM_SAFE_TLS_PORT");
    s.liveness_address = r.address("VSECM_PROBE_LIVENESS_PORT");
    s.readiness_address = r.address("VSECM_PROBE_READINESS_PORT");
    s.ports_file = r.text("VSECM_SAFE_PORTS_FILE");
    s.threads = static_cast<unsigned>(r.integer("VSECM_SAFE_THREADS", 0, 256));
    s.store_threads = static_cast<unsigned>(r.integer("VSECM_SAFE_STORE_THREADS", 1, 64));
    s.store = load_backing_store(r);
    s.data_path = r.text("VSECM_SAFE_DATA_PATH");
    s.backup_count = static_cast<unsigned>(r.integer("VSECM_SAFE_SECRET_BACKUP_COUNT", 0, 1000));
    s.manual_root_key = r.boolean("VSECM_ROOT_KEY_INPUT_MODE_MANUAL");
    s.root_store = load_root_key_store(r, in_cluster(env), s.manual_root_key);
    s.root_key_path = r.text("VSECM_ROOT_KEY_PATH");
    s.root_key_name = r.text("VSECM_ROOT_KEY_NAME");
    s.system_namespace = r.text("VSECM_NAMESPACE_SYSTEM");
    s.aes_mode = r.boolean("VSECM_SAFE_FIPS_COMPLIANT");
    s.raw_prefix = r.text("VSECM_SAFE_RAW_SECRET_PREFIX");
    s.kubernetes_prefix = r.text("VSECM_SAFE_STORE_WORKLOAD_SECRET_AS_K8S_SECRET_PREFIX");
    s.isolation = static_cast<namespace_isolation>(r.choice("VSECM_SAFE_NAMESPACE_ISOLATION"));
    s.audit_path = r.text("VSECM_SAFE_AUDIT_PATH");
    s.bootstrap_timeout = r.duration("VSECM_SAFE_BOOTSTRAP_TIMEOUT");
    s.shutdown_timeout = r.duration("VSECM_SAFE_SHUTDOWN_TIMEOUT");
    s.limits = load_limits(r);
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<sentinel_settings> sentinel_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    sentinel_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(backoff, backoff_settings::load(env, warnings));
    VSECM_TRY(client, client_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.backoff = backoff;
    s.client = std::move(client);
    s.liveness_address = r.address("VSECM_PROBE_LIVENESS_PORT");
    s.ports_file = r.text("VSECM_SENTINEL_PORTS_FILE");
    s.oidc_requested = r.boolean("VSECM_SENTINEL_OIDC_ENABLE_RESOURCE_SERVER");
    s.init_command_path = r.text("VSECM_SENTINEL_INIT_COMMAND_PATH");
    s.wait_before_exec = r.duration("VSECM_SENTINEL_INIT_COMMAND_WAIT_BEFORE_EXEC");
    s.wait_after_init = r.duration("VSECM_SENTINEL_INIT_COMMAND_WAIT_AFTER_INIT_COMPLETE");
    s.system_namespace = r.text("VSECM_NAMESPACE_SYSTEM");
    s.generation_prefix = r.text("VSECM_SENTINEL_SECRET_GENERATION_PREFIX");
    s.raw_prefix = r.text("VSECM_SAFE_RAW_SECRET_PREFIX");
    s.kubernetes_prefix = r.text("VSECM_SAFE_STORE_WORKLOAD_SECRET_AS_K8S_SECRET_PREFIX");
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<sidecar_settings> sidecar_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    sidecar_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(backoff, backoff_settings::load(env, warnings));
    VSECM_TRY(client, client_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.backoff = backoff;
    s.client = std::move(client);
    s.poll_interval = std::max(r.duration("VSECM_SIDECAR_POLL_INTERVAL"), milliseconds{1});
    s.max_poll_interval = std::max(r.duration("VSECM_SIDECAR_MAX_POLL_INTERVAL"), s.poll_interval);
    s.wait = r.duration("VSECM_SIDECAR_WAIT");
    s.secrets_path = r.text("VSECM_SIDECAR_SECRETS_PATH");
    if (auto const mode = r.text("VSECM_SIDECAR_FILE_MODE"); mode.empty()) {
        s.file_mode = in_cluster(env) ? 0644 : 0600;
    } else if (auto const parsed = parse_octal_mode(mode)) {
        s.file_mode = *parsed;
    } else {
        r.refuse(errc::invalid, "VSECM_SIDECAR_FILE_MODE must be an octal mode like 0640");
    }
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<init_settings> init_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    init_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(client, client_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.client = std::move(client);
    s.poll_interval = std::max(r.duration("VSECM_INIT_CONTAINER_POLL_INTERVAL"), milliseconds{1});
    s.wait_before_exit = r.duration("VSECM_INIT_CONTAINER_WAIT_BEFORE_EXIT");
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<keystone_settings> keystone_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    keystone_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(client, client_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.client = std::move(client);
    s.poll_interval = std::max(r.duration("VSECM_INIT_CONTAINER_POLL_INTERVAL"), milliseconds{1});
    s.readiness_address = r.address("VSECM_KEYSTONE_READINESS_PORT");
    s.ports_file = r.text("VSECM_KEYSTONE_PORTS_FILE");
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<keygen_settings> keygen_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    reader r(env, warnings);
    keygen_settings s;
    s.decrypt = r.boolean("VSECM_KEYGEN_DECRYPT");
    s.exported_secret_path = r.text("VSECM_KEYGEN_EXPORTED_SECRET_PATH");
    s.root_key_path = r.text("VSECM_KEYGEN_ROOT_KEY_PATH");
    add_variable_warnings(env, warnings);
    return r.finish(std::move(s));
}

base::result<inspector_settings> inspector_settings::load(base::environment const& env, std::vector<std::string>& warnings) {
    inspector_settings s;
    VSECM_TRY(log, log_settings::load(env, warnings));
    VSECM_TRY(identity, identity_settings::load(env, warnings));
    VSECM_TRY(client, client_settings::load(env, warnings));
    s.log = log;
    s.identity = std::move(identity);
    s.client = std::move(client);
    add_variable_warnings(env, warnings);
    return s;
}

}  // namespace vsecm::config
