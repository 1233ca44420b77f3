#include "kube/service_account.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "kube/server_trust.hpp"

namespace vsecm::kube {
namespace {

using base::errc, base::fail;
using std::chrono::steady_clock;

constexpr std::size_t max_token_len = 64 * 1024;
constexpr std::size_t max_ca_len = 1024 * 1024;
constexpr std::size_t max_namespace_len = 1024;

std::string_view trimmed(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

base::result<base::secret_text> read(std::string const& path, std::size_t max_len) {
    auto text = base::read_file(path, max_len);
    if (!text) return fail(errc::unavailable, "the service account of this pod: {}", text.error().what);
    return text;
}

}  // namespace

service_account::service_account(net::endpoint server, service_account_options options)
    : server_(std::move(server)), options_(std::move(options)) {}

base::status service_account::refresh(bool doubtful) {
    auto const now = steady_clock::now();
    bool const complete = context_ && !token_.empty();
    if (complete && !doubtful && now - read_at_ < options_.reread) return {};
    // By path each time: the files are links into a folder that is replaced whole.
    auto outcome = read_token();
    if (outcome) outcome = read_ca();
    if (auto space = base::read_file(options_.folder + "/namespace", max_namespace_len)) namespace_ = trimmed(space->view());
    if (!outcome && complete) {
        base::log::warn("service_account_not_read", {{"reason", outcome.error().what}});
        outcome = {};
    }
    if (outcome) read_at_ = now;
    return outcome;
}

base::status service_account::read_token() {
    auto const path = options_.folder + "/token";
    VSECM_TRY(text, read(path, max_token_len));
    auto const token = trimmed(text.view());
    if (token.empty()) return fail(errc::unavailable, "the service account of this pod: {} is empty", path);
    token_ = base::secret_text(token);
    return {};
}

base::status service_account::read_ca() {
    auto const path = options_.folder + "/ca.crt";
    VSECM_TRY(text, read(path, max_ca_len));
    if (context_ && text.view() == ca_pem_) return {};
    auto made = trust_server(server_, text.view(), options_.tls_groups, generation_ + 1);
    if (!made) return fail(errc::unavailable, "the service account of this pod: {}: {}", path, made.error().what);
    context_ = *std::move(made);
    ++generation_;
    ca_pem_ = text.view();
    return {};
}

}  // namespace vsecm::kube
