// What people and the original put into a data folder, and what they find there.
#pragma once

#include "support/passing_on.hpp"
#include "unit/store/fixture.hpp"

#include <openssl/evp.h>

#include <format>
#include <fstream>

namespace vsecm::store::testing {

inline void write_file(std::string const& path, base::byte_view bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<char const*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}
inline void write_file(std::string const& path, std::string_view text) { write_file(path, base::as_bytes(text)); }

inline std::string read_all(std::string const& path) { return std::string(base::read_file(path, 1 << 20).value().view()); }

// As the original writes it.
inline std::string original_record(std::string_view name, std::string_view value, std::string_view updated = "2024-01-02T15:04:05Z") {
    return std::format(R"({{"name":"{}","value":"{}","valueTransformed":"{}","meta":{{"namespaces":["default"],"template":"",)"
                       R"("Format":"","correlationId":"c"}},"created":"2024-01-01T00:00:00Z","updated":"{}","notBefore":"{}",)"
                       R"("expiresAfter":"9999-12-31T23:59:59.999999999Z"}})",
                       name, value, value, updated, "2000-01-01T00:00:00Z");
}

inline void put_original(std::string const& folder, std::string const& file, std::string_view record,
                  std::shared_ptr<crypto::value_cipher const> const& cipher = test_cipher()) {
    write_file(folder + "/" + file, cipher->encrypt(base::as_bytes(record)));
}

using test::passing_on;

// What the original writes in its "FIPS" mode: 16 bytes of IV, then AES-256-CFB under the seed.
inline std::vector<std::uint8_t> original_aes(crypto::root_key const& key, std::string_view text) {
    std::vector<std::uint8_t> out(16, 7);
    out.resize(16 + text.size());
    std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> cipher{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
    int len = 0;
    REQUIRE(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_cfb128(), nullptr, key.aes_key().data(), out.data()) == 1);
    REQUIRE(EVP_EncryptUpdate(cipher.get(), out.data() + 16, &len, base::as_bytes(text).data(), static_cast<int>(text.size())) == 1);
    return out;
}

}  // namespace vsecm::store::testing
