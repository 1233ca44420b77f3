// Why the API server did not do what it was asked, typed: callers branch on it.
#pragma once

#include "base/result.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <optional>

namespace vsecm::kube {

enum class refusal : std::uint8_t {
    unauthorized,    // 401, also with a token just read
    forbidden,       // 403: the role, or a policy of the cluster
    no_secret,       // 404 of the Secret itself
    no_namespace,    // 404 of the namespace itself
    already_exists,  // 409 of a create
    modified,        // 409: the resourceVersion or uid is not the one there any more
    fields_owned,    // 409 of a server-side apply that does not force
    foreign,         // ours to decide: it exists and is somebody else's
    invalid,         // 400, 422 and what else is wrong with the request: the same again will not do
    too_large,       // 413
    busy,            // 429
    broken,          // 5xx, and a 404 that says of nothing that it is not there: another server, or a proxy
    unreachable,     // no answer: network, TLS, time, or no token to show
};

// `what` is a sentence for people, made of our own words, the server's reason codes and the names of objects: its messages
// can quote the request, and so a secret (protocols: 400 for data that is not base64).
struct api_failure {
    refusal why = refusal::broken;
    std::string what;
    std::optional<std::chrono::seconds> retry_after;  // what the server asked for, at most ten minutes

    base::error as_error() const;
};

template <class T>
struct [[nodiscard]] api_result : std::expected<T, api_failure> {
    using std::expected<T, api_failure>::expected;
};
using api_status = api_result<void>;

// Nothing to do with the server's answer: it was not reached, or what it said is no Secret.
std::unexpected<api_failure> unreachable(base::error&& why);

// What is asked, for the sentence: verb as in a Role ("patch"), and "Secret NAMESPACE/NAME".
struct asked_of_server {
    std::string_view verb;
    std::string object;
};
api_failure failure_of(net::http_client_response&& answer, asked_of_server const& asked);

}  // namespace vsecm::kube
