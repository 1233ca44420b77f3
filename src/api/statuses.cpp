#include "api/exit_status.hpp"
#include "api/http_status.hpp"

namespace vsecm::api {

using base::errc;

int http_status_of(errc code) noexcept {
    switch (code) {
        case errc::invalid: return 400;
        case errc::unsupported: return 400;
        case errc::not_found: return 400;  // 404 means "your secret is gone" to every sidecar
        case errc::denied: return 403;
        case errc::conflict: return 409;
        case errc::too_large: return 413;
        case errc::limited: return 429;
        case errc::internal: return 500;
        case errc::corrupt:  // a damaged record: its name stays reserved, an operator can repair it
        case errc::no_match:
        case errc::no_identity:
        case errc::sealed:
        case errc::unavailable:
        case errc::timeout:
        case errc::cancelled: return 503;
        case errc::storage: return 507;
    }
    return 500;
}

errc errc_of_http_status(int status) noexcept {
    switch (status) {
        case 401:
        case 403: return errc::denied;
        case 404: return errc::not_found;
        case 409: return errc::conflict;
        case 413:
        case 431: return errc::too_large;
        case 429: return errc::limited;
        case 502:
        case 503:
        case 504: return errc::unavailable;
        case 507: return errc::storage;
        default: return status >= 500 ? errc::internal : errc::invalid;
    }
}

exit_status exit_status_of(errc code) noexcept {
    switch (code) {
        case errc::invalid:
        case errc::corrupt:
        case errc::no_match:
        case errc::storage:
        case errc::unsupported:
        case errc::cancelled:
        case errc::internal: return exit_status::usage;
        case errc::denied:
        case errc::conflict:
        case errc::too_large:
        case errc::limited: return exit_status::refused;
        case errc::sealed: return exit_status::sealed;
        case errc::no_identity: return exit_status::no_identity;
        case errc::unavailable:
        case errc::timeout: return exit_status::unreachable;
        case errc::not_found: return exit_status::not_found;
    }
    return exit_status::usage;
}

exit_status exit_status_of_answer(errc code) noexcept {
    switch (code) {
        case errc::sealed: return exit_status::sealed;
        case errc::not_found: return exit_status::not_found;
        default: return exit_status::refused;
    }
}

}  // namespace vsecm::api
