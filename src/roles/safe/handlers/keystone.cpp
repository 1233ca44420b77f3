// GET /sentinel/v1/keystone: has the init script finished? Its last act is to store a secret of that name.
#include "api/messages.hpp"
#include "roles/safe/handlers/handler.hpp"

namespace vsecm::roles::safe {

answer handle_keystone(vault& safe) {
    auto const mark = safe.secrets().find(api::name_keystone);
    return ok_text(api::write_keystone_status(safe.seen(mark) == store::visibility::present));
}

}  // namespace vsecm::roles::safe
