// The five things done with a Secret, over HTTPS to the API server.
#pragma once

#include "kube/api_failure.hpp"
#include "kube/secret_object.hpp"
#include "kube/service_account.hpp"

namespace vsecm::kube {

struct secrets_api_options {
    std::chrono::milliseconds timeout{10'000};  // of one request, connection included
};

enum class conflicts : std::uint8_t { give_way, win };

// Bodies are those of secret_object.hpp. Every operation shows the newest token, and asks once more with one read again when
// the server says 401. Nothing is tried again otherwise: the caller knows when. On one loop, one call at a time; arguments
// are borrowed until the answer is there.
class secrets_api {
public:
    secrets_api(net::executor loop, std::shared_ptr<service_account> account, secrets_api_options options = {});

    net::awaitable<api_result<secret_object>> get(secret_ref const& which);
    // Server-side apply: makes what the body says so, makes the object if there is none (which needs the verb `create`
    // too), and leaves everything else of it alone. True: it was made. fields_owned only with give_way.
    net::awaitable<api_result<bool>> apply(secret_ref const& which, base::secret_text body, conflicts how);
    net::awaitable<api_status> create(secret_ref const& which, base::secret_text body);
    net::awaitable<api_status> replace(secret_ref const& which, base::secret_text body);
    // `modified` if it is not, or not any more, the object that was seen.
    net::awaitable<api_status> remove(secret_ref const& which, secret_object const& seen);

    service_account const& account() const noexcept { return *account_; }
    void close() { http_.close(); }  // drops the kept connection

private:
    struct call {
        std::string_view method, verb, content_type;
        std::string query;
        bool on_collection = false;
        base::secret_text body;
    };
    net::awaitable<api_result<net::http_client_response>> send(secret_ref const& which, call what);
    net::awaitable<base::result<net::http_client_response>> attempt(secret_ref const& which, call const& what, bool doubtful);

    std::shared_ptr<service_account> account_;
    secrets_api_options options_;
    net::http_client http_;
};

}  // namespace vsecm::kube
