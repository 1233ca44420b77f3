// No persistence, and no earlier versions: what safe runs on with VSECM_SAFE_BACKING_STORE=memory, and most tests.
#pragma once

#include "store/backend.hpp"

namespace vsecm::store {

class memory_backend : public backend {
public:
    base::result<loaded_records> load(record_opener const&) override { return loaded_records{}; }
    void apply(std::span<write_group>, bool) override {}
    base::result<std::vector<std::uint64_t>> earlier_versions(std::string const&) override { return std::vector<std::uint64_t>{}; }
    base::result<base::secret_text> read_earlier(std::string const&, std::uint64_t) override {
        return std::unexpected(base::error{base::errc::not_found, "no earlier version is kept in memory"});
    }
    base::status forget(std::span<std::string const>) override { return {}; }
    base::result<std::chrono::nanoseconds> tend(bool) override { return std::chrono::nanoseconds::max(); }
    base::status begin_renewal(std::string const&) override { return {}; }
    base::result<renewal_step> renew_some(record_opener const&) override {
        renewal_step nothing;
        nothing.at_end = true;
        return nothing;
    }
    bool adopted() const noexcept override { return false; }
    std::string_view describe() const noexcept override { return "memory"; }
};

}  // namespace vsecm::store
