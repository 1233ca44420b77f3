// From a plain record to the sealed snapshot that readers see, and back.
#pragma once

#include "crypto/sealed_value.hpp"
#include "crypto/value_cipher.hpp"
#include "store/record_format.hpp"

#include <map>
#include <mutex>

namespace vsecm::store {

// Thread-safe, every member: loading makes snapshots on all cores.
class snapshot_maker {
public:
    explicit snapshot_maker(crypto::root_key const& key) : tag_key_(key.derive("etag")) {}

    std::shared_ptr<stored_secret> make(plain_record const& record) const;
    // What a damaged name looks like.
    std::shared_ptr<stored_secret> make_damaged(std::string name, std::uint64_t version) const;
    // Everything of the snapshot again in the clear. errc::corrupt if memory was changed.
    base::result<plain_record> reveal(stored_secret const& secret) const;
    // Recomputes what depends on the version.
    base::status set_version(stored_secret& secret, std::uint64_t version) const;

    base::result<std::vector<base::secret_text>> open_values(stored_secret const& secret) const;
    base::result<base::secret_text> open_joined(stored_secret const& secret) const;     // as the operator gave them
    base::result<base::secret_text> open_delivered(stored_secret const& secret) const;  // as a workload receives them

    // 16 bytes over these, under a key of this store: names and values cannot be guessed from it.
    std::array<std::uint8_t, 16> fingerprint(std::string_view name, std::uint64_t version, std::string_view content) const;

private:
    std::shared_ptr<secret_meta const> shared(secret_meta const& meta) const;

    crypto::sealing_key sealing_;
    base::secure_buffer tag_key_;
    mutable std::mutex mutex_;
    mutable std::map<secret_meta, std::weak_ptr<secret_meta const>> metas_;
    mutable std::size_t prune_at_ = 1024;
};

}  // namespace vsecm::store
