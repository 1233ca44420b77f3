#include "unit/kube/fixture.hpp"

namespace vsecm::test {

kube::secret_data data_of(std::initializer_list<std::pair<std::string, std::string_view>> pairs) {
    kube::secret_data data;
    for (auto const& [key, value] : pairs) data.emplace(key, base::secret_text(value));
    return data;
}

api_fixture::api_fixture(std::chrono::milliseconds reread, std::chrono::milliseconds timeout, std::string host) {
    kube::service_account_options options;
    options.folder = server.account_folder();
    options.reread = reread;
    account = std::make_shared<kube::service_account>(net::endpoint{std::move(host), static_cast<std::uint16_t>(server.port()), {}}, options);
    api.emplace(loop.executor(), account, kube::secrets_api_options{timeout});
}

}  // namespace vsecm::test
