#include "roles/init/kube_waiting.hpp"

#include "base/try.hpp"
#include "client/condition.hpp"
#include "kube/secrets_api.hpp"
#include "net/deadline.hpp"

#include <algorithm>

namespace vsecm::roles::init {
namespace {

using base::errc, base::fail;

// The server is asked no more often, whatever the interval is.
constexpr std::chrono::milliseconds least_pause{200};

net::awaitable<base::status> look(kube::secrets_api& api, kube::secret_ref const& which) {
    auto found = co_await api.get(which);
    if (!found) co_return std::unexpected(found.error().as_error());
    if (found->keys().empty()) co_return fail(errc::not_found, "{} is empty", which.text());
    co_return base::status{};
}

// The kubelet says in a file of the service account where the pod is.
base::status complete(std::vector<kube::secret_ref>& wanted, kube::service_account& account) {
    if (std::ranges::none_of(wanted, [](auto const& which) { return which.space.empty(); })) return {};
    VSECM_TRY_OK(account.refresh());
    if (account.own_namespace().empty()) return fail(errc::invalid, "the pod does not tell its namespace: name the Secret as NAMESPACE/NAME");
    for (auto& which : wanted)
        if (which.space.empty()) which.space = account.own_namespace();
    return {};
}

}  // namespace

base::result<kube::secret_ref> parse_secret_ref(std::string_view text) {
    auto const slash = text.find('/');
    kube::secret_ref found;
    if (slash != text.npos) {
        found.space = text.substr(0, slash);
        VSECM_TRY_OK(kube::check_namespace_name(found.space));
    }
    found.name = slash == text.npos ? text : text.substr(slash + 1);
    VSECM_TRY_OK(kube::check_secret_name(found.name));
    return found;
}

base::result<std::shared_ptr<kube::service_account>> open_account(config::kubernetes_settings const& settings) {
    if (settings.api_url.empty()) return fail(errc::invalid, "there is no API server: outside of a cluster, VSECM_SAFE_K8S_API_URL names one");
    auto server = net::parse_https_endpoint(settings.api_url);
    if (!server) return pass(std::move(server), "VSECM_SAFE_K8S_API_URL");
    kube::service_account_options options;
    options.folder = settings.account_path;
    return std::make_shared<kube::service_account>(*std::move(server), std::move(options));
}

net::awaitable<base::result<std::size_t>> wait_for_secrets(std::shared_ptr<kube::service_account> account, secret_wait what, base::error& newest) {
    auto const loop = co_await net::asio::this_coro::executor;
    client::condition state;
    kube::secrets_api api(loop, account, {what.request_timeout});
    std::size_t num_there = 0;
    while (num_there < what.wanted.size()) {
        auto there = complete(what.wanted, *account);
        if (!there && there.error().code == errc::invalid) co_return std::unexpected(std::move(there).error());
        if (there) there = co_await look(api, what.wanted[num_there]);
        if (there) {
            ++num_there;
            continue;
        }
        if (what.once) co_return std::unexpected(std::move(there).error());
        // A request that we were cut off in failed for that, and says nothing about the Secret.
        auto const ours = co_await net::asio::this_coro::cancellation_state;
        if (ours.cancelled() != net::asio::cancellation_type::none) co_return fail(errc::cancelled, "the wait was cancelled");
        state.failing("waiting_for_secret", there.error());
        newest = std::move(there).error();
        if (auto slept = co_await net::sleep_for(std::max(what.pause, least_pause)); !slept) co_return std::unexpected(std::move(slept).error());
    }
    co_return num_there;
}

}  // namespace vsecm::roles::init
