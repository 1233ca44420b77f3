// The pieces of a fetch, apart from its waiting: what a caller would see now, and the answer made of it.
#pragma once

#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {

struct fetch_view {
    store::secret_ptr secret;  // may be null
    store::visibility seen = store::visibility::absent;
    std::string etag;
};

// errc::denied (another namespace), errc::corrupt (damaged).
base::result<fetch_view> look_at_own(vault& safe, spiffe::caller const& who);
answer answer_of(vault& safe, request_context& ctx, fetch_view const& view);
answer unchanged(request_context& ctx, std::string const& etag);

// The scout's answer: every raw: secret. One is delivered as it is, several as a JSON array of records. Contract 2.3 (5).
// Answered at once, without an ETag: a scout polls. errc::corrupt while one of them is damaged; the 404 says why there is nothing,
// of several reasons not-yet before expired before deleted.
answer fetch_raw(vault& safe, request_context& ctx);

}  // namespace vsecm::roles::safe
