#include "store/stored_secret.hpp"

namespace vsecm::store {

std::string_view name_of(visibility v) noexcept {
    switch (v) {
        case visibility::absent: return "absent";
        case visibility::deleted: return "deleted";
        case visibility::not_yet: return "not-yet";
        case visibility::expired: return "expired";
        case visibility::present: return "present";
        case visibility::damaged: return "damaged";
    }
    return "?";
}

visibility stored_secret::visible(base::system_time now) const noexcept {
    switch (state) {
        case secret_state::vacant: return visibility::absent;
        case secret_state::deleted: return visibility::deleted;
        case secret_state::damaged: return visibility::damaged;
        case secret_state::present: break;
    }
    if (expires != base::never() && now >= expires) return visibility::expired;
    if (now < not_before) return visibility::not_yet;
    return visibility::present;
}

}  // namespace vsecm::store
