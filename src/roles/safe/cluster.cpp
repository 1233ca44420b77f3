#include "roles/safe/cluster.hpp"

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
    return std::make_unique<root_key_secret>(std::move(api), std::move(options));
}

}  // namespace vsecm::roles::safe
