#include "roles/safe/cluster.hpp"

#include "base/try.hpp"
#include "roles/safe/root_key_file.hpp"
#include "roles/safe/root_key_secret.hpp"

namespace vsecm::roles::safe {

base::result<std::shared_ptr<kube::service_account>> open_account(config::safe_settings const& settings) {
    auto const& cluster = settings.kubernetes;
    if (cluster.api_url.empty()) return nullptr;
    auto server = net::parse_https_endpoint(cluster.api_url);
    if (!server) return pass(std::move(server), "the API server of Kubernetes");
    kube::service_account_options options;
    options.folder = cluster.account_path;
    options.tls_groups = settings.identity.tls_groups;
    return std::make_shared<kube::service_account>(*std::move(server), std::move(options));
}

std::unique_ptr<root_key_store> make_root_key_store(config::safe_settings const& settings, std::shared_ptr<kube::service_account> account,
                                                    net::executor loop) {
    if (settings.manual_root_key && !settings.keep_given_root_key) return nullptr;
    if (settings.root_store == config::root_key_store::file) return std::make_unique<root_key_file>(base::posix_files(), settings.root_key_path);
    kube::secrets_api api(std::move(loop), std::move(account), {settings.kubernetes.request_timeout});
    root_key_secret_options options{{settings.system_namespace, settings.root_key_name}, settings.root_key_path, settings.bootstrap_timeout};
    if (settings.store == config::backing_store::file) options.data_path = settings.data_path;
    return std::make_unique<root_key_secret>(std::move(api), std::move(options));
}

std::unique_ptr<store::kube_mirror> start_mirror(config::safe_settings const& settings, vault& opened, std::shared_ptr<kube::service_account> account,
                                                 net::runtime& loops) {
    store::mirror_options options;
    options.prefix = settings.kubernetes_prefix;
    options.delete_secrets = settings.kubernetes.delete_secrets;
    options.enforce_dates = settings.enforce_dates;
    options.sync_interval = settings.kubernetes.sync_interval;
    options.request_timeout = settings.kubernetes.request_timeout;
    options.templates = settings.templates;
    options.untouchable = opened.prefixes().root_key;
    auto const spawn = [&loops](net::awaitable<void> work) { loops.spawn(0, "kubernetes mirror", std::move(work)); };
    auto mirror = std::make_unique<store::kube_mirror>(opened.secrets(), opened.hub(0), std::move(account), loops.loop(0), spawn, std::move(options));
    mirror->start();
    return mirror;
}

void describe_mirror(codec::json_writer& out, store::kube_mirror const& mirror) {
    constexpr std::size_t most_told = 1000;
    auto const counts = mirror.table().counts();
    out.begin_object().member("apiServer", "https://" + mirror.server().authority());
    out.key("synced").integer(static_cast<std::int64_t>(counts.synced));
    out.key("failing").integer(static_cast<std::int64_t>(counts.failing));
    out.key("waiting").integer(static_cast<std::int64_t>(counts.waiting));
    out.key("secrets").begin_array();
    for (auto const& entry : mirror.table().entries(most_told)) {
        out.begin_object().member("name", entry.name).member("namespace", entry.space).member("state", name_of(entry.state));
        out.member("since", base::format_rfc3339(entry.since));
        if (entry.version != 0) out.key("version").integer(static_cast<std::int64_t>(entry.version));
        if (!entry.why.empty()) out.member("why", entry.why);
        out.end_object();
    }
    out.end_array().end_object();
}

base::status check_for_kubernetes(std::vector<std::string> const& names, std::vector<std::string> const& namespaces, name_rules const& rules) {
    static std::vector<std::string> const by_default{"default"};
    for (auto const& name : names) {
        auto const [kind, bare] = api::classify(name, rules);
        if (kind != api::name_kind::kubernetes) continue;
        VSECM_TRY_OK(kube::check_secret_name(bare));
        for (auto const& given : namespaces.empty() ? by_default : namespaces) {
            auto const& space = given.empty() ? by_default.front() : given;
            VSECM_TRY_OK(kube::check_namespace_name(space));
            kube::secret_ref const which{space, std::string(bare)};
            if (which == rules.root_key) return base::fail(base::errc::denied, "{} is where the root key is kept: no secret may become it", which.text());
        }
    }
    return {};
}

}  // namespace vsecm::roles::safe
