// No persistence: what safe runs on with VSECM_SAFE_BACKING_STORE=memory, and most tests.
#pragma once

#include "store/backend.hpp"

namespace vsecm::store {

class memory_backend final : public backend {
public:
    base::result<loaded_records> load(record_opener const&) override { return loaded_records{}; }
    void apply(std::span<write_group>, bool) override {}
    base::result<std::chrono::nanoseconds> tend(bool) override { return std::chrono::nanoseconds::max(); }
    bool adopted() const noexcept override { return false; }
    std::string_view describe() const noexcept override { return "memory"; }
};

}  // namespace vsecm::store
