#include "roles/safe/vault.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "roles/safe/rendering.hpp"
#include "store/file_backend.hpp"
#include "store/memory_backend.hpp"

namespace vsecm::roles::safe {
namespace {

base::result<std::unique_ptr<store::backend>> open_backend(config::safe_settings const& settings, crypto::root_key const& key) {
    if (settings.store == config::backing_store::memory) return std::make_unique<store::memory_backend>();
    store::file_options options;
    options.path = settings.data_path;
    options.key_id = key.id();
    options.history = settings.backup_count;
    if (settings.store_threads != 0) options.num_threads = settings.store_threads;
    return store::open_file_backend(std::move(options));
}

isolation effective(config::namespace_isolation wanted, bool adopted, bool has_namespaces) {
    if (!has_namespaces) return isolation::off;
    switch (wanted) {
        case config::namespace_isolation::enforce: return isolation::enforce;
        case config::namespace_isolation::warn: return isolation::warn;
        case config::namespace_isolation::off: return isolation::off;
        // The original stored `default` for everybody: enforcing that on a folder of its would cut working clients off.
        case config::namespace_isolation::automatic: break;
    }
    return adopted ? isolation::warn : isolation::enforce;
}

std::string_view name_of(isolation i) { return i == isolation::enforce ? "enforce" : i == isolation::warn ? "warn" : "off"; }

}  // namespace

vault::vault(config::safe_settings const& settings, base::clock const& clock)
    : settings_(settings), clock_(clock), prefixes_{{settings.raw_prefix, settings.kubernetes_prefix}, {settings.system_namespace, settings.root_key_name}} {}

base::result<std::unique_ptr<vault>> vault::open(config::safe_settings const& settings, std::shared_ptr<crypto::root_key const> key,
                                                 bool has_namespaces, base::clock const& clock) {
    VSECM_TRY(backend, open_backend(settings, *key));
    auto const where = std::string(backend->describe());
    std::unique_ptr<vault> made(new vault(settings, clock));
    made->cipher_ = std::make_shared<crypto::value_cipher>(key, settings.aes_mode ? crypto::cipher_mode::aes : crypto::cipher_mode::age);
    store::store_options options;
    options.max_waiting = settings.limits.max_queued_writes;
    options.max_secrets = settings.limits.max_secrets;
    options.deliver = deliver_on_writer;
    if (settings.kubernetes.delete_secrets && !settings.kubernetes.api_url.empty()) options.mirrored_prefix = settings.kubernetes_prefix;
    VSECM_TRY(opened, store::secret_store::open(std::move(backend), made->cipher_, std::move(options), clock));
    made->store_ = std::move(opened);
    made->isolation_ = effective(settings.isolation, made->store_->adopted(), has_namespaces);

    auto const& summary = made->store_->loaded();
    for (auto const& sentence : summary.warnings) base::log::warn("store_warning", {{"what", sentence}});
    base::log::info("store_open", {{"where", where}, {"root_key", key->id()}, {"secrets", summary.num_present}, {"damaged", summary.num_damaged},
                                   {"ms", summary.took.count()}, {"namespace_isolation", name_of(made->isolation_)}});
    return made;
}

store::visibility vault::seen(store::secret_ptr const& secret) const noexcept {
    auto const by_dates = store::visible(secret, clock_.now());
    bool const hidden = by_dates == store::visibility::not_yet || by_dates == store::visibility::expired;
    return hidden && !settings_.enforce_dates ? store::visibility::present : by_dates;
}

void vault::add_hub(std::size_t index, net::executor loop) {
    hubs_[index] = std::make_unique<store::watch_hub>(*store_, std::move(loop));
}

}  // namespace vsecm::roles::safe
