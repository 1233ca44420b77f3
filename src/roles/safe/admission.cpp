#include "roles/safe/admission.hpp"

#include "api/secret.hpp"

#include <unordered_map>

namespace vsecm::roles::safe {
namespace {

using spiffe::caller_kind;

bool may(api::route route, spiffe::caller const& who) {
    switch (route) {
        case api::route::keystone:
        case api::route::list:
        case api::route::list_encrypted:
        case api::route::upsert:
        case api::route::remove:
        case api::route::versions:
        case api::route::rollback:
        case api::route::undelete:
        case api::route::keys:
        case api::route::rotate_key:
        case api::route::forget_key:
        case api::route::status: return who.kind == caller_kind::sentinel;
        case api::route::clerk_upsert: return who.kind == caller_kind::clerk;
        // Any workload fetches its own secret; sentinel and the others are workloads too. Two names mean more than a
        // name, so holding the name alone is not enough.
        case api::route::fetch:
            if (who.workload_name == api::name_scout) return who.kind == caller_kind::scout;
            if (who.workload_name == api::name_safe_config) return who.kind == caller_kind::safe;
            return who.kind != caller_kind::unknown;
        case api::route::wrong_method:
        case api::route::unknown: return who.kind != caller_kind::unknown;
    }
    return false;
}

}  // namespace

std::string_view name_of(phase p) noexcept {
    switch (p) {
        case phase::starting: return "starting";
        case phase::sealed: return "sealed";
        case phase::opening: return "opening";
        case phase::serving: return "serving";
        case phase::stopping: return "stopping";
    }
    return "unknown";
}

base::status admit(api::route route, spiffe::caller const& who, phase now) {
    using base::errc, base::fail;
    if (!may(route, who)) return fail(errc::denied, "this identity ({}) may not do that", name_of(who.kind));
    if (route == api::route::unknown) return fail(errc::invalid, "there is no such path");
    if (route == api::route::wrong_method) return fail(errc::unsupported, "this path does not take that method");
    if (route == api::route::status) return {};
    switch (now) {
        case phase::serving: return {};
        case phase::sealed:
            if (route == api::route::keys) return {};
            return fail(errc::sealed, "safe is sealed: give it the root key with `safe -i -`");
        case phase::starting:
        case phase::opening: return fail(errc::unavailable, "safe is still starting");
        case phase::stopping: return fail(errc::unavailable, "safe is stopping");
    }
    return fail(errc::internal, "unknown phase");
}

spiffe::caller classify_cached(spiffe::peer_policy const& policy, std::string_view spiffe_id) {
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    // Bounded by starting afresh: a full memory is as cheap to refill as any eviction would be.
    constexpr std::size_t most = 4096;
    thread_local std::unordered_map<std::string, spiffe::caller, text_hash, std::equal_to<>> known;
    thread_local spiffe::peer_policy const* of = nullptr;
    if (of != &policy || known.size() >= most) known.clear();
    of = &policy;
    if (auto const found = known.find(spiffe_id); found != known.end()) return found->second;
    return known.emplace(std::string(spiffe_id), policy.classify(spiffe_id)).first->second;
}

}  // namespace vsecm::roles::safe
