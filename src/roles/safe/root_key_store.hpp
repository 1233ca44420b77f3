// Where the root key lives (VSECM_SAFE_ROOT_KEY_STORE), and the one rule about making the first.
#pragma once

#include "base/file.hpp"
#include "crypto/root_key.hpp"
#include "net/asio.hpp"

#include <optional>
#include <string>

namespace vsecm::roles::safe {

// Two processes may use one at the same time: create() and replace() say conflict to whoever was late. On loop 0, one call
// at a time; what is handed in is borrowed until it has been answered.
class root_key_store {
public:
    virtual ~root_key_store() = default;

    // What is there now; nothing if none was made yet (absent, empty, or the original's placeholder `{}`). errc::invalid for a
    // malformed key, quoting nothing of it; storage, denied, unavailable: it cannot be read.
    virtual net::awaitable<base::result<std::optional<crypto::root_key>>> load() = 0;
    // Stores the first key, durably. errc::conflict if there is one by now.
    virtual net::awaitable<base::status> create(crypto::root_key const& key) = 0;
    // Puts `next` in the place of `seen`, durably; who reads meanwhile finds one or the other. errc::conflict if it is another
    // key that is there.
    virtual net::awaitable<base::status> replace(crypto::root_key const& seen, crypto::root_key const& next) = 0;

    virtual std::string describe() const = 0;  // for logs and errors: "file /key/key.txt"
};

// The original's placeholder, or nothing but white space: no key was made yet.
bool is_no_key_yet(std::string_view text) noexcept;
// Every line, the ones that only decrypt included; in constant time.
bool same_key(crypto::root_key const& a, crypto::root_key const& b);

// The key that `keys` holds. When none was made yet: a new one, stored before it is returned, but only if `data_path` holds
// no store file; a key made beside data it cannot open would only hide the loss, so that is errc::conflict with what to do.
// Of several that start at once, all get the key of the first.
net::awaitable<base::result<crypto::root_key>> load_or_make_root_key(root_key_store& keys, base::file_layer& files, std::string const& data_path);

}  // namespace vsecm::roles::safe
