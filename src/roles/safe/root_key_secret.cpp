#include "roles/safe/root_key_secret.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "net/backoff.hpp"
#include "net/deadline.hpp"
#include "roles/safe/root_key_file.hpp"
#include "store/data_folder.hpp"

#include <algorithm>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;
using kube::api_failure, kube::refusal, kube::secret_object;
using net::steady_clock;

constexpr std::string_view data_key = "KEY_TXT";
constexpr net::backoff_policy pauses{.first = std::chrono::milliseconds(200), .cap = std::chrono::seconds(5), .max_attempts = {}};
// `kubectl apply` keeps what it was given here, and the original, too, wrote the key into it.
constexpr std::string_view copy_annotation = "kubectl.kubernetes.io/last-applied-configuration";

bool may_pass(refusal why) { return why == refusal::busy || why == refusal::broken || why == refusal::unreachable; }

bool holds_a_key(std::string_view annotation) {
    return annotation.contains(data_key) && !annotation.contains(R"("KEY_TXT":"e30=")") && !annotation.contains(R"("KEY_TXT":"{}")");
}

// False if there is no time left.
net::awaitable<bool> pause(net::backoff& tries, std::optional<std::chrono::seconds> asked, steady_clock::time_point deadline) {
    steady_clock::duration const wait = std::max<steady_clock::duration>(tries.next().value_or(pauses.cap), asked.value_or(std::chrono::seconds(0)));
    if (steady_clock::now() + wait >= deadline) co_return false;
    co_return (co_await net::sleep_for(wait)).has_value();
}

// The key in it, nothing if none was put there yet.
base::result<std::optional<crypto::root_key>> key_in(std::optional<secret_object> const& object) {
    if (!object) return std::nullopt;
    VSECM_TRY(text, object->value(data_key));
    if (!text || is_no_key_yet(text->view())) return std::nullopt;
    VSECM_TRY(key, crypto::root_key::parse(text->view()));
    return std::optional(std::move(key));
}

}  // namespace

net::awaitable<base::result<std::optional<crypto::root_key>>> root_key_secret::load() {
    auto mounted = mounted_copy();
    // With a copy at hand, a server that is away holds up the start for a moment only.
    auto const patience = mounted ? std::min(options_.patience, std::chrono::milliseconds(10'000)) : options_.patience;
    auto object = co_await read(steady_clock::now() + patience);
    if (!object) {
        if (!mounted) co_return pass(std::move(object), describe());
        base::log::warn("root_key_from_mount", {{"path", options_.mounted_path}, {"reason", object.error().what}});
        co_return mounted;
    }
    auto key = key_in(*object);
    if (!key) co_return pass(std::move(key), describe());
    if (*key || !mounted) co_return std::move(*key);
    base::log::error("root_key_secret_empty", {{"where", describe()}, {"path", options_.mounted_path},
                                               {"what", "the root key is gone from there; the mounted copy, the last there is, is used: put it back"}});
    co_return mounted;
}

// The kubelet brings a new key late, and to a subPath never. With the old one alone, what a rotation has renewed would count as
// damaged, and new writes would come under a key that was given up.
std::optional<crypto::root_key> root_key_secret::mounted_copy() const {
    auto mounted = read_root_key(options_.mounted_path);
    if (!mounted || !*mounted) return std::nullopt;
    auto const used = options_.data_path.empty() ? std::string() : store::known_key_id(base::posix_files(), options_.data_path);
    auto const is_used = [&](crypto::age_identity const& each) { return each.recipient().id() == used; };
    if (used.empty() || std::ranges::any_of((*mounted)->identities(), is_used)) return std::move(*mounted);
    base::log::warn("root_key_mount_passed_over", {{"path", options_.mounted_path}, {"holds", (*mounted)->id()}, {"data_is_under", used}});
    return std::nullopt;
}

net::awaitable<base::status> root_key_secret::create(crypto::root_key const& key) { co_return co_await write(nullptr, key); }

net::awaitable<base::status> root_key_secret::replace(crypto::root_key const& seen, crypto::root_key const& next) {
    co_return co_await write(&seen, next);
}

net::awaitable<base::result<std::optional<secret_object>>> root_key_secret::read(steady_clock::time_point deadline) {
    for (net::backoff tries(pauses);;) {
        auto object = co_await api_.get(options_.where);
        if (object) co_return std::optional(*std::move(object));
        auto const why = object.error().why;
        if (why == refusal::no_secret) co_return std::nullopt;
        bool const again = may_pass(why) && co_await pause(tries, object.error().retry_after, deadline);
        if (!again) co_return std::unexpected(explained(std::move(object).error()));
    }
}

net::awaitable<base::status> root_key_secret::write(crypto::root_key const* expected, crypto::root_key const& next) {
    auto const deadline = steady_clock::now() + options_.patience;
    for (net::backoff tries(pauses);;) {
        VSECM_CO_TRY(object, co_await read(deadline));
        VSECM_CO_TRY(there, key_in(object));
        // An answer that was lost on its way: it is written already.
        if (there && same_key(*there, next)) co_return base::status{};
        if (!there && expected) co_return fail(errc::conflict, "{} holds no root key any more", describe());
        if (there && (!expected || !same_key(*there, *expected))) co_return fail(errc::conflict, "{} holds another root key by now", describe());
        auto written = co_await write_once(object, next);
        if (written) co_return base::status{};
        auto const why = written.error().why;
        bool const late = why == refusal::modified || why == refusal::already_exists;
        bool const again = (late || may_pass(why)) && co_await pause(tries, written.error().retry_after, deadline);
        if (!again) co_return std::unexpected(explained(std::move(written).error()));
    }
}

net::awaitable<kube::api_status> root_key_secret::write_once(std::optional<secret_object> const& there, crypto::root_key const& next) {
    kube::secret_data data;
    data.emplace(data_key, next.print());
    if (!there) co_return co_await api_.create(options_.where, kube::write_secret(options_.where, data));
    kube::secret_changes changes;
    changes.set = &data;
    changes.owner = there->label(kube::owner_label);
    if (holds_a_key(there->annotation(copy_annotation))) changes.removed_annotations.emplace(copy_annotation);
    co_return co_await api_.replace(options_.where, there->rewritten(changes));
}

base::error root_key_secret::explained(api_failure&& why) const {
    auto error = why.as_error();
    auto const& own = api_.account().own_namespace();
    bool const elsewhere = error.code == errc::denied || error.code == errc::not_found;
    if (elsewhere && !own.empty() && own != options_.where.space)
        error.what += std::format(". This pod runs in the namespace {}, and VSECM_NAMESPACE_SYSTEM says {}", own, options_.where.space);
    return error;
}

}  // namespace vsecm::roles::safe
