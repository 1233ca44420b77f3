// The root key in a file (VSECM_SAFE_ROOT_KEY_STORE=file): 0600, synced before it is used.
#pragma once

#include "roles/safe/root_key_store.hpp"

namespace vsecm::roles::safe {

// The folder is made, 0700, with the first key in it. The disk may take its time: the loop goes on meanwhile.
class root_key_file final : public root_key_store {
public:
    root_key_file(base::file_layer& files, std::string path) : files_(files), path_(std::move(path)) {}

    net::awaitable<base::result<std::optional<crypto::root_key>>> load() override;
    net::awaitable<base::status> create(crypto::root_key const& key) override;
    net::awaitable<base::status> replace(crypto::root_key const& seen, crypto::root_key const& next) override;
    std::string describe() const override { return "file " + path_ + " (VSECM_ROOT_KEY_PATH)"; }

private:
    base::status create_now(crypto::root_key const& key);
    base::status replace_now(crypto::root_key const& seen, crypto::root_key const& next);
    base::status write(crypto::root_key const& key);

    base::file_layer& files_;
    std::string path_;
};

// The file's key, nothing if none was made yet. Follows links: a mounted Secret is one.
base::result<std::optional<crypto::root_key>> read_root_key(std::string const& path);

}  // namespace vsecm::roles::safe
