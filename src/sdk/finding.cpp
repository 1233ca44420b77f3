#include "sdk/finding.hpp"

#include "client/session.hpp"

namespace vsecm::sdk {
namespace {

long long seconds_of(std::optional<base::system_time> const& when) {
    return when ? std::chrono::floor<std::chrono::seconds>(*when).time_since_epoch().count() : 0;
}

finding absence_of(api::absence why) {
    switch (why) {
        case api::absence::absent: return {VSECM_ABSENT, {}, "there is no secret for this workload"};
        case api::absence::deleted: return {VSECM_DELETED, {}, "there is no secret for this workload any more"};
        case api::absence::not_yet: return {VSECM_NOT_YET, {}, "the secret is not valid yet"};
        case api::absence::expired: return {VSECM_EXPIRED, {}, "the secret has expired"};
    }
    return {};
}

int status_of(base::errc code) {
    switch (code) {
        case base::errc::cancelled: return VSECM_CLOSED;
        case base::errc::internal: return VSECM_INTERNAL;
        default: return api::to_int(client::exit_status_of_call(code));
    }
}

}  // namespace

finding finding_of(base::error const& why) { return {status_of(why.code), {}, why.what}; }

finding finding_of(base::result<client::fetched>&& found) {
    if (!found) return finding_of(found.error());
    if (found->what == client::fetched::kind::absent) return absence_of(found->why);
    auto whole = std::make_shared<content>();
    whole->data = std::move(found->content.data);
    whole->data.push_back('\0');
    whole->created = seconds_of(found->content.created);
    whole->updated = seconds_of(found->content.updated);
    return {VSECM_OK, std::move(whole), {}};
}

}  // namespace vsecm::sdk
