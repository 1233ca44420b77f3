// Who on this loop waits for which name. One a loop; a commit reaches it with one posted message, however many wait.
#pragma once

#include "net/asio.hpp"
#include "net/wake_signal.hpp"
#include "store/secret_store.hpp"

#include <functional>
#include <string_view>

namespace vsecm::store {

// Used on its loop only, destructor included; the store may be stopped, not destroyed, before it.
class watch_hub {
public:
    watch_hub(secret_store& store, net::executor loop);
    ~watch_hub();
    watch_hub(watch_hub const&) = delete;
    watch_hub& operator=(watch_hub const&) = delete;

    // While it lives, `bell` rings on every change of `name`, and when one of its dates is reached. Register first and look
    // at the secret second: then no change is missed. The bell must outlive it, and it the hub's loop turn, not the hub.
    class registration {
    public:
        registration() noexcept = default;
        registration(registration&& other) noexcept;
        registration& operator=(registration&& other) noexcept;
        ~registration() { reset(); }
        void reset() noexcept;

    private:
        friend class watch_hub;
        std::shared_ptr<struct watch_table> table_;
        std::uint64_t id_ = 0;
        std::string name_;
    };
    [[nodiscard]] registration watch(std::string_view name, net::wake_signal& bell);
    std::size_t num_watching() const noexcept;
    // Calls `told` with each name that was changed, or has reached a date. There is one listener; an earlier one is replaced.
    void on_every_change(std::function<void(std::string const&)> told);

private:
    secret_store& store_;
    std::shared_ptr<struct watch_table> table_;
};

}  // namespace vsecm::store
