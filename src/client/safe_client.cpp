#include "client/safe_client.hpp"

#include "base/try.hpp"

#include <strings.h>

namespace vsecm::client {
namespace {

net::http_client_limits http_limits(client_options const& options) {
    net::http_client_limits limits;
    limits.max_body_len = options.max_body_len;
    return limits;
}

bool is_vsecm(net::http_client_response const& response) { return response.fields.find(api::header_server).has_value(); }

std::vector<std::string> warnings_of(net::http_client_response const& response) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < response.fields.size(); ++i) {
        auto const [name, value] = response.fields.at(i);
        if (name.size() == api::header_warning.size() && ::strncasecmp(name.data(), api::header_warning.data(), name.size()) == 0)
            found.emplace_back(value);
    }
    return found;
}

// An original safe says next to nothing: the status is all there is.
base::error refusal(net::http_client_response&& response) {
    auto const status = static_cast<int>(response.status);
    return api::parse_error_body(status, std::move(response.body));
}

}  // namespace

safe_client::safe_client(net::executor loop, std::shared_ptr<net::tls_source const> identity, net::endpoint server, client_options options)
    : http_(std::move(loop), std::move(identity), std::move(server), http_limits(options)), options_(options) {}

net::awaitable<base::result<net::http_client_response>> safe_client::send(net::http_client_request request, std::chrono::milliseconds limit) {
    co_return co_await http_.send(std::move(request), limit);
}

net::awaitable<base::result<reply>> safe_client::call(std::string_view method, std::string_view target, base::secret_text body,
                                                      std::chrono::milliseconds longer) {
    net::http_client_request request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    VSECM_CO_TRY(response, co_await send(std::move(request), options_.timeout + longer));
    if (response.status != 200) co_return std::unexpected(refusal(std::move(response)));
    reply ok;
    ok.warnings = warnings_of(response);
    ok.from_vsecm = is_vsecm(response);
    ok.body = std::move(response.body);
    co_return ok;
}

net::awaitable<base::result<reply>> safe_client::upsert(api::upsert_request const& request) {
    auto body = api::write_upsert_request(request);
    co_return co_await call("POST", api::path_secrets, std::move(body));
}

net::awaitable<base::result<reply>> safe_client::remove(api::delete_request const& request) {
    auto body = api::write_delete_request(request);
    co_return co_await call("DELETE", api::path_secrets, std::move(body));
}

net::awaitable<base::result<reply>> safe_client::versions(std::string const& name) {
    auto const target = api::versions_target(name);
    co_return co_await call("GET", target, {});
}

net::awaitable<base::result<reply>> safe_client::restore(api::restore_request const& request) {
    auto body = api::write_restore_request(request);
    co_return co_await call("POST", request.version ? api::path_rollback : api::path_undelete, std::move(body));
}

net::awaitable<base::result<reply>> safe_client::put_keys(api::keys_request const& request) {
    auto body = api::write_keys_request(request);
    co_return co_await call("POST", api::path_keys, std::move(body));
}

net::awaitable<base::result<reply>> safe_client::rotate_key(api::keys_request const& request) {
    auto body = request.empty() ? base::secret_text("{}") : api::write_keys_request(request);
    co_return co_await call("POST", api::path_rotate_key, std::move(body));
}

net::awaitable<base::result<reply>> safe_client::forget_key(std::string id) {
    constexpr std::chrono::minutes everything_read{10};
    auto body = api::write_forget_request(id);
    co_return co_await call("POST", api::path_forget_key, std::move(body), everything_read);
}

net::awaitable<base::result<reply>> safe_client::list() { co_return co_await call("GET", api::path_secrets, {}); }
net::awaitable<base::result<reply>> safe_client::list_encrypted() { co_return co_await call("GET", api::wire_secrets_reveal, {}); }
net::awaitable<base::result<reply>> safe_client::keystone() { co_return co_await call("GET", api::path_keystone, {}); }
net::awaitable<base::result<reply>> safe_client::status() { co_return co_await call("GET", api::path_status, {}); }

net::awaitable<base::result<fetched>> safe_client::fetch(std::string_view etag, std::chrono::seconds wait) {
    net::http_client_request request;
    request.target = api::path_workload_secrets;
    if (!etag.empty()) request.headers.emplace_back("If-None-Match", etag);
    if (wait.count() > 0) request.target += "?wait=" + std::to_string(wait.count());
    VSECM_CO_TRY(response, co_await send(std::move(request), options_.timeout + wait));

    fetched found;
    found.from_vsecm = is_vsecm(response);
    found.etag = response.fields["ETag"];
    switch (response.status) {
        case 200: {
            VSECM_CO_TRY(content, api::parse_fetch_response(std::move(response.body)));
            found.what = fetched::kind::value;
            found.content = std::move(content);
            co_return found;
        }
        case 304:
            if (etag.empty()) co_return base::fail(base::errc::internal, "safe answered 304 to a question that named no earlier answer");
            found.what = fetched::kind::unchanged;
            co_return found;
        case 404: {
            found.what = fetched::kind::absent;
            auto const word = response.fields[api::header_reason];
            // The original says 404 for deleted and for never there alike, and its own sidecar empties the file.
            if (!found.from_vsecm) found.why = api::absence::deleted;
            else if (auto const reason = api::parse_absence(word)) found.why = *reason;
            co_return found;
        }
        default: co_return std::unexpected(refusal(std::move(response)));
    }
}

}  // namespace vsecm::client
