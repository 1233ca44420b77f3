// From the ciphertext of one record, of ours or of the original, to a sealed snapshot.
#pragma once

#include "crypto/value_cipher.hpp"
#include "store/backend.hpp"
#include "store/snapshot.hpp"

namespace vsecm::store {

// Const and stateless but for the maker, which is thread-safe: so is this.
class record_reader final : public record_opener {
public:
    record_reader(crypto::value_cipher const& cipher, snapshot_maker const& maker) : cipher_(cipher), maker_(maker) {}

    opened_record open(base::byte_view sealed, std::span<std::string_view const> names) const override;
    renewed_record renew(base::byte_view sealed, std::span<std::string_view const> names) const override;
    void set_version(stored_secret& secret, std::uint64_t version) const override;
    std::shared_ptr<stored_secret> damaged(std::string_view name, std::uint64_t version) const override;

private:
    // Whether what came out is a record that names its own file.
    using acceptance = std::function<bool(base::result<plain_record> const&)>;
    opened_record opened(plain_record const& record) const;
    opened_record open_original_aes(base::byte_view sealed, acceptance const& accepts, base::errc reason) const;

    crypto::value_cipher const& cipher_;
    snapshot_maker const& maker_;
};

}  // namespace vsecm::store
