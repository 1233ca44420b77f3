#include "store/snapshot.hpp"

#include "base/try.hpp"
#include "crypto/hkdf.hpp"

#include <algorithm>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

std::vector<std::string_view> views_of(std::vector<base::secret_text> const& values) {
    std::vector<std::string_view> views;
    for (auto const& v : values) views.push_back(v.view());
    return views;
}

void append_u64(base::secret_text& out, std::uint64_t n) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
}

}  // namespace

std::shared_ptr<stored_secret> snapshot_maker::make(plain_record const& record) const {
    auto secret = std::make_shared<stored_secret>();
    secret->name = record.name;
    secret->correlation_id = record.correlation_id;
    secret->version = record.version;
    secret->state = record.state;
    secret->created = record.created;
    secret->updated = record.updated;
    secret->not_before = record.not_before;
    secret->expires = record.expires;
    secret->meta = shared(record.meta);
    if (record.state != secret_state::present) {
        secret->fingerprint = fingerprint(record.name, record.version, {});
        return secret;
    }
    secret->values.reserve(record.values.size());
    for (auto const& v : record.values) secret->values.push_back(crypto::sealed_value::seal(sealing_, v.bytes()));
    auto const joined = join_values(views_of(record.values));
    bool const differs = !record.delivered.empty() && record.delivered.view() != joined.view();
    if (differs) secret->delivered = crypto::sealed_value::seal(sealing_, record.delivered.bytes());
    secret->fingerprint = fingerprint(record.name, record.version, differs ? record.delivered.view() : joined.view());
    return secret;
}

std::shared_ptr<stored_secret> snapshot_maker::make_damaged(std::string name, std::uint64_t version) const {
    auto secret = std::make_shared<stored_secret>();
    secret->name = std::move(name);
    secret->version = version;
    secret->state = secret_state::damaged;
    secret->meta = shared({});
    secret->fingerprint = fingerprint(secret->name, version, {});
    secret->persisted = true;
    return secret;
}

base::result<plain_record> snapshot_maker::reveal(stored_secret const& secret) const {
    plain_record record;
    record.name = secret.name;
    record.correlation_id = secret.correlation_id;
    record.version = secret.version;
    record.state = secret.state;
    record.created = secret.created;
    record.updated = secret.updated;
    record.not_before = secret.not_before;
    record.expires = secret.expires;
    record.meta = *secret.meta;
    VSECM_TRY(values, open_values(secret));
    record.values = std::move(values);
    if (secret.delivered.has_value()) {
        VSECM_TRY(text, secret.delivered.open(sealing_));
        record.delivered = std::move(text);
    }
    return record;
}

base::status snapshot_maker::set_version(stored_secret& secret, std::uint64_t version) const {
    base::secret_text content;
    if (secret.state == secret_state::present) {
        VSECM_TRY(text, open_delivered(secret));
        content = std::move(text);
    }
    secret.version = version;
    secret.fingerprint = fingerprint(secret.name, version, content.view());
    return {};
}

base::result<std::vector<base::secret_text>> snapshot_maker::open_values(stored_secret const& secret) const {
    std::vector<base::secret_text> values;
    values.reserve(secret.values.size());
    for (auto const& sealed : secret.values) {
        VSECM_TRY(text, sealed.open(sealing_));
        values.push_back(std::move(text));
    }
    return values;
}

base::result<base::secret_text> snapshot_maker::open_joined(stored_secret const& secret) const {
    if (secret.values.empty()) return fail(errc::not_found, "there is no value");
    if (secret.values.size() == 1) return secret.values.front().open(sealing_);
    VSECM_TRY(values, open_values(secret));
    return join_values(views_of(values));
}

base::result<base::secret_text> snapshot_maker::open_delivered(stored_secret const& secret) const {
    return secret.delivered.has_value() ? secret.delivered.open(sealing_) : open_joined(secret);
}

std::array<std::uint8_t, 16> snapshot_maker::fingerprint(std::string_view name, std::uint64_t version,
                                                         std::string_view content) const {
    base::secret_text all;
    all.reserve(name.size() + content.size() + 16);
    append_u64(all, name.size());  // so that no two triples are the same bytes
    all.append(name);
    append_u64(all, version);
    all.append(content);
    auto const full = crypto::hmac_sha256(tag_key_.view(), all.bytes());
    std::array<std::uint8_t, 16> out;
    std::ranges::copy_n(full.begin(), out.size(), out.begin());
    return out;
}

std::shared_ptr<secret_meta const> snapshot_maker::shared(secret_meta const& meta) const {
    std::lock_guard held(mutex_);
    if (metas_.size() >= prune_at_) {
        std::erase_if(metas_, [](auto const& entry) { return entry.second.expired(); });
        prune_at_ = 1024 + 2 * metas_.size();
    }
    auto& known = metas_[meta];
    auto same = known.lock();
    if (!same) known = same = std::make_shared<secret_meta const>(meta);
    return same;
}

}  // namespace vsecm::store
