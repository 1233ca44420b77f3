#include "kube/secrets_api.hpp"

#include "base/try.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::kube {
namespace {

constexpr std::string_view json = "application/json";
constexpr std::string_view apply_patch = "application/apply-patch+yaml";  // JSON is YAML

// A Secret is at most 3 MiB on its way in; out, the book of who wrote what comes on top.
net::http_client_limits answer_limits() {
    net::http_client_limits limits;
    limits.max_body_len = 8U << 20;
    return limits;
}

std::string managed(std::string_view more = {}) { return std::format("?fieldManager={}{}", field_manager, more); }

}  // namespace

secrets_api::secrets_api(net::executor loop, std::shared_ptr<service_account> account, secrets_api_options options)
    : account_(std::move(account)), options_(options), http_(loop, account_, account_->server(), answer_limits()) {}

net::awaitable<base::result<net::http_client_response>> secrets_api::attempt(secret_ref const& which, call const& what, bool doubtful) {
    VSECM_CO_TRY_OK(account_->refresh(doubtful));
    net::http_client_request request;
    request.method = what.method;
    request.target = std::format("/api/v1/namespaces/{}/secrets", which.space);
    if (!what.on_collection) request.target += "/" + which.name;
    request.target += what.query;
    request.bearer = account_->token().clone();
    request.headers = {{"Accept", std::string(json)}, {"User-Agent", "vsecm/" VSECM_VERSION}};
    if (!what.content_type.empty()) request.headers.emplace_back("Content-Type", what.content_type);
    request.body = what.body.clone();
    co_return co_await http_.send(std::move(request), options_.timeout);
}

net::awaitable<api_result<net::http_client_response>> secrets_api::send(secret_ref const& which, call what) {
    // Names that an older store has, and no cluster: not asked for, and not a server that does not answer.
    auto named = check_namespace_name(which.space);
    if (named) named = check_secret_name(which.name);
    if (!named) co_return std::unexpected(api_failure{refusal::invalid, which.text() + ": " + std::move(named).error().what, std::nullopt});
    for (bool doubtful : {false, true}) {
        auto answer = co_await attempt(which, what, doubtful);
        if (!answer) co_return unreachable(std::move(answer).error());
        if (answer->status / 100 == 2) co_return *std::move(answer);
        if (answer->status == 401 && !doubtful) continue;
        co_return std::unexpected(failure_of(*std::move(answer), {what.verb, which.text()}));
    }
    std::unreachable();
}

net::awaitable<api_result<secret_object>> secrets_api::get(secret_ref const& which) {
    call what{"GET", "get", {}, {}, false, {}};
    auto answer = co_await send(which, std::move(what));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    auto object = secret_object::parse(std::move(answer->body));
    if (!object) co_return unreachable(std::move(object).error());
    co_return *std::move(object);
}

net::awaitable<api_result<bool>> secrets_api::apply(secret_ref const& which, base::secret_text body, conflicts how) {
    call what{"PATCH", "patch", apply_patch, managed(how == conflicts::win ? "&force=true" : ""), false, std::move(body)};
    auto answer = co_await send(which, std::move(what));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return answer->status == 201;
}

net::awaitable<api_status> secrets_api::create(secret_ref const& which, base::secret_text body) {
    call what{"POST", "create", json, managed(), true, std::move(body)};
    auto answer = co_await send(which, std::move(what));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return api_status{};
}

net::awaitable<api_status> secrets_api::replace(secret_ref const& which, base::secret_text body) {
    call what{"PUT", "update", json, managed(), false, std::move(body)};
    auto answer = co_await send(which, std::move(what));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return api_status{};
}

net::awaitable<api_status> secrets_api::remove(secret_ref const& which, secret_object const& seen) {
    base::secret_text body;
    codec::json_writer out(body);
    out.begin_object().member("apiVersion", "v1").member("kind", "DeleteOptions").key("preconditions").begin_object();
    out.member("uid", seen.uid()).member("resourceVersion", seen.resource_version()).end_object().end_object();
    call what{"DELETE", "delete", json, {}, false, std::move(body)};
    auto answer = co_await send(which, std::move(what));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return api_status{};
}

}  // namespace vsecm::kube
