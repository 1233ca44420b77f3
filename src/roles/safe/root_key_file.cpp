#include "roles/safe/root_key_file.hpp"

#include "base/folder_lock.hpp"
#include "base/leftovers.hpp"
#include "base/try.hpp"
#include "net/own_thread.hpp"

#include <chrono>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_key_file_len = 64 * 1024;

// Makes a second safe wait while the first decides; the store's own lock comes too late for that. A file system without
// locks gives none, and the store's lock is all there is.
base::result<base::unique_fd> lock(std::string const& path) {
    auto held = base::lock_folder(base::folder_of(path), std::chrono::seconds{5});
    if (!held) return pass(std::move(held), "where the root key is to be written");
    return held;
}

}  // namespace

base::result<std::optional<crypto::root_key>> read_root_key(std::string const& path) {
    auto text = base::read_file(path, max_key_file_len);
    if (!text && text.error().code != errc::not_found) return pass(std::move(text), "root key");
    if (!text || is_no_key_yet(text->view())) return std::nullopt;
    auto key = crypto::root_key::parse(text->view());
    if (!key) return pass(std::move(key), "root key " + path);
    return std::optional(std::move(*key));
}

net::awaitable<base::result<std::optional<crypto::root_key>>> root_key_file::load() {
    auto const work = [this] { return read_root_key(path_); };
    auto const loop = co_await net::asio::this_coro::executor;
    co_return co_await net::on_own_thread(loop, work);
}

net::awaitable<base::status> root_key_file::create(crypto::root_key const& key) {
    auto const work = [this, &key] { return create_now(key); };
    auto const loop = co_await net::asio::this_coro::executor;
    co_return co_await net::on_own_thread(loop, work);
}

net::awaitable<base::status> root_key_file::replace(crypto::root_key const& seen, crypto::root_key const& next) {
    auto const work = [this, &seen, &next] { return replace_now(seen, next); };
    auto const loop = co_await net::asio::this_coro::executor;
    co_return co_await net::on_own_thread(loop, work);
}

base::status root_key_file::create_now(crypto::root_key const& key) {
    VSECM_TRY_OK(base::make_folders(files_, base::folder_of(path_), 0700));
    // Q7: two that start at once must not both make one: the later would replace a key that is in use already.
    VSECM_TRY(held, lock(path_));
    VSECM_TRY(there, read_root_key(path_));
    if (there) return fail(errc::conflict, "there is a root key in {} by now", path_);
    return write(key);
}

base::status root_key_file::replace_now(crypto::root_key const& seen, crypto::root_key const& next) {
    VSECM_TRY(held, lock(path_));
    VSECM_TRY(there, read_root_key(path_));
    if (!there || !same_key(*there, seen)) return fail(errc::conflict, "{} does not hold the root key in use any more: somebody changed it", path_);
    return write(next);
}

base::status root_key_file::write(crypto::root_key const& key) {
    base::remove_leftovers(files_, path_);  // a key that a killed process left there; nobody else is at it now
    auto const printed = key.print();
    return base::replace_file(files_, path_, printed.bytes(), 0600);
}

}  // namespace vsecm::roles::safe
