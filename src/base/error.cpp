#include "base/error.hpp"

namespace vsecm::base {

std::string_view name_of(errc code) noexcept {
    switch (code) {
        case errc::invalid: return "invalid";
        case errc::corrupt: return "corrupt";
        case errc::no_match: return "no_match";
        case errc::not_found: return "not_found";
        case errc::denied: return "denied";
        case errc::no_identity: return "no_identity";
        case errc::sealed: return "sealed";
        case errc::conflict: return "conflict";
        case errc::too_large: return "too_large";
        case errc::limited: return "limited";
        case errc::unavailable: return "unavailable";
        case errc::timeout: return "timeout";
        case errc::storage: return "storage";
        case errc::unsupported: return "unsupported";
        case errc::cancelled: return "cancelled";
        case errc::internal: return "internal";
    }
    return "internal";
}

}  // namespace vsecm::base
