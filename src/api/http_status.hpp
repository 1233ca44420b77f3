// One table from our errors to HTTP status codes.
#pragma once

#include "base/error.hpp"

namespace vsecm::api {

// Never 404: the original's sidecar empties the workload's file on any 404, so only the fetch handler says it.
int http_status_of(base::errc code) noexcept;
// What a client makes of a status without a body of ours.
base::errc errc_of_http_status(int status) noexcept;

}  // namespace vsecm::api
