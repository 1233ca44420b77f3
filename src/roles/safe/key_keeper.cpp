#include "roles/safe/key_keeper.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"

#include <algorithm>

namespace vsecm::roles::safe {

using base::errc, base::fail;
using shared_key = std::shared_ptr<crypto::root_key const>;

namespace {

// Each costs a guarded page or two, and time for every ciphertext that none of them opens.
constexpr std::size_t most_older = 64;

// True while somebody is at work.
class turn {
public:
    explicit turn(bool& busy) noexcept : busy_(busy) { busy_ = true; }
    ~turn() { busy_ = false; }
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;

private:
    bool& busy_;
};

constexpr std::string_view at_work = "somebody else has the root key stored, rotated or forgotten just now: ask again later";

}  // namespace

net::awaitable<base::status> key_keeper::keep(vault const& opened) {
    auto there = keep_here(opened);
    co_return co_await net::asio::co_spawn(loop_, std::move(there), net::asio::use_awaitable_t<net::executor>{});
}

net::awaitable<base::result<api::rotation>> key_keeper::rotate(vault& opened, std::optional<crypto::root_key> given) {
    auto there = rotate_here(opened, std::move(given));
    co_return co_await net::asio::co_spawn(loop_, std::move(there), net::asio::use_awaitable_t<net::executor>{});
}

net::awaitable<base::result<std::vector<std::string>>> key_keeper::forget(vault& opened, std::string id) {
    auto there = forget_here(opened, std::move(id));
    co_return co_await net::asio::co_spawn(loop_, std::move(there), net::asio::use_awaitable_t<net::executor>{});
}

net::awaitable<base::status> key_keeper::keep_here(vault const& opened) {
    if (busy_) co_return fail(errc::conflict, "{}", at_work);
    turn const mine(busy_);
    auto const given = opened.cipher().key();
    auto made = co_await keys_->create(*given);
    if (made || made.error().code != errc::conflict) co_return made;
    VSECM_CO_TRY(there, co_await keys_->load());
    if (there && same_key(*there, *given)) co_return base::status{};
    co_return made;
}

net::awaitable<base::result<api::rotation>> key_keeper::rotate_here(vault& opened, std::optional<crypto::root_key> given) {
    if (busy_) co_return fail(errc::conflict, "{}", at_work);
    turn const mine(busy_);
    auto const present = opened.cipher().key();
    if (!keys_ && !given)
        co_return fail(errc::invalid, "the root key is in memory only, and a new one would be lost with the next stop: make it yourself (`vsecm keygen`), keep it, and "
                                      "give it with `safe --rotate-root-key -i -`");
    if (given && given->id() == present->id()) co_return fail(errc::invalid, "that is the root key in use ({})", present->id());
    if (present->older_ids().size() >= most_older)
        co_return fail(errc::limited, "{} replaced root keys are kept, the limit: forget some (`safe --forget-key ID`)", present->older_ids().size());
    auto const fresh = given ? *std::move(given) : crypto::root_key::generate();
    auto const made = std::make_shared<crypto::root_key const>(fresh.in_place_of(*present));
    // A try that failed half-way, or whose answer was lost, has put one there already, which will do as well.
    auto const will_do = [&](crypto::root_key const& there) {
        return std::ranges::contains(there.older_ids(), present->id()) && (!given || there.id() == made->id());
    };
    VSECM_CO_TRY(next, co_await put(*present, made, will_do));
    base::log::warn("root_key_rotated", {{"root_key", next->id()}, {"replaced", present->id()}, {"kept_in", keys_ ? keys_->describe() : "memory only"}});
    // Answered when writes are under the new key; what follows goes on for as long as it takes.
    auto const use = [&opened, next] { opened.cipher().use(next); };
    VSECM_CO_TRY_OK(co_await opened.secrets().change_key(use));
    co_return api::rotation{next->id(), present->id(), next->recipient().print()};
}

net::awaitable<base::result<shared_key>> key_keeper::put(crypto::root_key const& present, shared_key next, std::function<bool(crypto::root_key const&)> will_do) {
    if (!keys_) co_return next;
    auto done = co_await keys_->replace(present, *next);
    if (done) co_return next;
    if (done.error().code == errc::conflict) {
        VSECM_CO_TRY(there, co_await keys_->load());
        if (there && will_do(*there)) co_return std::make_shared<crypto::root_key const>(*std::move(there));
    }
    co_return pass(std::move(done), "storing the root key");
}

net::awaitable<base::result<std::vector<std::string>>> key_keeper::forget_here(vault& opened, std::string id) {
    if (busy_) co_return fail(errc::conflict, "{}", at_work);
    turn const mine(busy_);
    auto const present = opened.cipher().key();
    if (id.starts_with("age1")) {
        VSECM_CO_TRY(recipient, crypto::age_recipient::parse(id));
        id = recipient.id();
    }
    if (id == present->id() && !std::ranges::contains(present->older_ids(), id)) co_return fail(errc::invalid, "{} is the root key in use: rotate first", id);
    auto rest = present->without(id);
    if (!rest) co_return fail(errc::not_found, "there is no replaced root key {}; `safe status` lists those that are kept", base::printable(id));
    // Whatever is still under it, be it a file that somebody brought back a minute ago, is brought under the present key first.
    auto looked = co_await opened.secrets().renew();
    if (!looked) co_return pass(std::move(looked), "the replaced root key is kept, for something may still need it");
    auto const without = std::make_shared<crypto::root_key const>(*std::move(rest));
    auto const is_it = [&](crypto::root_key const& there) { return same_key(there, *without); };
    VSECM_CO_TRY(next, co_await put(*present, without, is_it));
    opened.cipher().use(next);
    base::log::warn("root_key_forgotten", {{"id", id}, {"root_key", next->id()}});
    co_return std::move(looked->unopened);
}

}  // namespace vsecm::roles::safe
