#include "roles/safe/root_key_file.hpp"

#include "base/try.hpp"
#include "net/own_thread.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_key_file_len = 64 * 1024;

std::string folder_of(std::string const& path) {
    auto const slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Makes a second safe wait while the first decides; the store's own lock comes too late for that. A file system without
// locks gives none, and the store's lock is all there is.
base::result<base::unique_fd> lock_folder(std::string const& path) {
    using std::chrono::steady_clock;
    base::unique_fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    auto const until = steady_clock::now() + std::chrono::seconds(5);
    while (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (steady_clock::now() >= until) return fail(errc::conflict, "somebody holds a lock on {}, where the root key is to be written", path);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return fd;
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
    auto const folder = folder_of(path_);
    VSECM_TRY_OK(base::make_folders(files_, folder, 0700));
    // Q7: two that start at once must not both make one: the later would replace a key that is in use already.
    VSECM_TRY(held, lock_folder(folder));
    VSECM_TRY(there, read_root_key(path_));
    if (there) return fail(errc::conflict, "there is a root key in {} by now", path_);
    return write(key);
}

base::status root_key_file::replace_now(crypto::root_key const& seen, crypto::root_key const& next) {
    VSECM_TRY(held, lock_folder(folder_of(path_)));
    VSECM_TRY(there, read_root_key(path_));
    if (!there || !same_key(*there, seen)) return fail(errc::conflict, "{} does not hold the root key in use any more: somebody changed it", path_);
    return write(next);
}

base::status root_key_file::write(crypto::root_key const& key) {
    auto const printed = key.print();
    return base::replace_file(files_, path_, printed.bytes(), 0600);
}

}  // namespace vsecm::roles::safe
