// What the store's tests share: a root key, and short ways to ask for things.
#pragma once

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "crypto/value_cipher.hpp"
#include "store/file_backend.hpp"
#include "store/memory_backend.hpp"
#include "store/secret_store.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace vsecm::store::testing {

inline std::shared_ptr<crypto::root_key const> new_key() {
    static bool const ready = base::harden_process().has_value();  // libsodium, before any key
    REQUIRE(ready);
    base::log::configure(base::log::level::fatal, base::log::format::text, "test");
    return std::make_shared<crypto::root_key const>(crypto::root_key::generate());
}
inline std::shared_ptr<crypto::value_cipher const> cipher_of(std::shared_ptr<crypto::root_key const> key,
                                                             crypto::cipher_mode mode = crypto::cipher_mode::age) {
    return std::make_shared<crypto::value_cipher const>(std::move(key), mode);
}
inline std::shared_ptr<crypto::value_cipher const> test_cipher() {
    static auto const one = cipher_of(new_key());
    return one;
}

// Allocations of so many bytes, or more, fail; SIZE_MAX: none does.
void fail_allocations_from(std::size_t len);

struct temporary_folder {
    std::string path;
    temporary_folder() {
        char name[] = "/tmp/vsecm-store-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~temporary_folder() { std::filesystem::remove_all(path); }
    temporary_folder(temporary_folder const&) = delete;
    temporary_folder& operator=(temporary_folder const&) = delete;
};

inline change put(std::string name, std::string_view value) {
    change c;
    c.name = std::move(name);
    c.value = base::secret_text(value);
    c.meta.namespaces = {"default"};
    c.meta.format = "json";
    return c;
}
inline change append(std::string name, std::string_view value) {
    auto c = put(std::move(name), value);
    c.kind = change_kind::append;
    return c;
}
inline change removal(std::string name) {
    change c;
    c.kind = change_kind::remove;
    c.name = std::move(name);
    return c;
}
template <class... Changes>
std::vector<change> request(Changes&&... changes) {
    std::vector<change> all;
    (all.push_back(std::forward<Changes>(changes)), ...);
    return all;
}

// "absent", "deleted", "damaged", or what a workload would receive, in brackets.
inline std::string shown(secret_store const& store, std::string_view name) {
    auto const secret = store.find(name);
    auto const seen = visible(secret, base::system_clock().now());
    if (seen != visibility::present) return std::string(name_of(seen));
    auto const text = store.delivered_text(*secret);
    return text ? "[" + std::string(text->view()) + "]" : "unreadable";
}

inline base::result<std::unique_ptr<secret_store>> try_open(file_options options,
                                                            std::shared_ptr<crypto::value_cipher const> cipher = test_cipher(),
                                                            store_options store = {},
                                                            base::clock const& clock = base::system_clock()) {
    options.key_id = cipher->key()->id();
    auto files = open_file_backend(std::move(options));
    if (!files) return std::unexpected(std::move(files).error());
    return secret_store::open(*std::move(files), std::move(cipher), std::move(store), clock);
}
// A folder of a file layer that is a fake.
inline file_options options_on(base::file_layer& files, std::size_t crowd = 0) {
    file_options o;
    o.path = "/data";
    o.files = &files;
    o.lock = false;
    o.num_threads = 1;  // the order of calls is then the same every time
    o.crowd = crowd;
    return o;
}
inline std::unique_ptr<secret_store> open_folder(std::string const& path,
                                                 std::shared_ptr<crypto::value_cipher const> cipher = test_cipher()) {
    file_options options;
    options.path = path;
    auto store = try_open(std::move(options), std::move(cipher));
    if (!store) FAIL(store.error().what);
    return *std::move(store);
}
inline std::unique_ptr<secret_store> in_memory(store_options options = {}, base::clock const& clock = base::system_clock()) {
    return secret_store::open(std::make_unique<memory_backend>(), test_cipher(), std::move(options), clock).value();
}

inline std::vector<std::string> names_in(std::string const& folder) {
    std::vector<std::string> names;
    auto const entries = base::posix_files().list(folder).value();
    for (auto const& e : entries)
        if (e.kind == base::file_kind::regular) names.push_back(e.name);
    std::ranges::sort(names);
    return names;
}

}  // namespace vsecm::store::testing
