#include "volume/turn.hpp"

#include "base/try.hpp"

namespace vsecm::volume {

net::awaitable<base::result<base::unique_fd>> take_turn(std::string folder) {
    auto const until = net::steady_clock::now() + patience_with_others;
    for (;;) {
        auto turn = base::lock_folder(folder, std::chrono::milliseconds{0});
        if (turn || turn.error().code != base::errc::conflict || net::steady_clock::now() >= until) co_return turn;
        VSECM_CO_TRY_OK(co_await net::sleep_for(std::chrono::milliseconds{5}));
    }
}

}  // namespace vsecm::volume
