// What the kubelet gives a pod to speak to the API server with: a token, a CA, a namespace. Files, which it replaces.
#pragma once

#include "base/secret_text.hpp"
#include "net/address.hpp"
#include "net/tls_context.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace vsecm::kube {

// client-go's folder, and its minute.
struct service_account_options {
    std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";  // holds token, ca.crt, namespace
    std::chrono::milliseconds reread{60'000};                              // how old what was read may be
    std::string tls_groups{net::default_groups};
};

// One for all connections of a loop; used there only. The TLS context it gives trusts ca.crt for this server's name, and
// shows no certificate of ours.
class service_account final : public net::tls_source {
public:
    service_account(net::endpoint server, service_account_options options);

    // Reads the files again if they were read long ago, or, with `doubtful`, in any case. A new CA takes effect with the
    // next request. A file that cannot be read now leaves what is there; errc::unavailable, naming the file, if nothing is.
    base::status refresh(bool doubtful = false);

    base::secret_text const& token() const noexcept { return token_; }      // empty before the first refresh()
    std::string const& own_namespace() const noexcept { return namespace_; }  // of this pod; empty if there is no such file
    net::endpoint const& server() const noexcept { return server_; }
    std::shared_ptr<net::tls_context const> current() const override { return context_; }  // on the loop only

private:
    base::status read_token();
    base::status read_ca();

    net::endpoint server_;
    service_account_options options_;
    base::secret_text token_;
    std::string namespace_, ca_pem_;
    std::shared_ptr<net::tls_context const> context_;
    std::uint64_t generation_ = 0;
    std::chrono::steady_clock::time_point read_at_{};
};

}  // namespace vsecm::kube
