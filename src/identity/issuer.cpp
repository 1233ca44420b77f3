#include "identity/issuer.hpp"

#include "base/encoding.hpp"
#include "base/file.hpp"
#include "base/try.hpp"
#include "identity/certificate.hpp"
#include "spiffe/openssl.hpp"
#include "spiffe/spiffe_id.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

namespace vsecm::identity {
namespace {

constexpr std::size_t max_file_len = 256 * 1024;

using bio_ptr = std::unique_ptr<BIO, spiffe::free_with<BIO_free_all>>;

// What the CA is at one time: the key, its certificate, and earlier roots that may still have signed something alive.
struct authority {
    spiffe::pkey_ptr key;
    spiffe::x509_ptr certificate;
    std::vector<spiffe::x509_ptr> older;
};

base::result<authority> read_authority(base::byte_view pem, std::string const& path) {
    auto const damaged = [&path](std::string_view why) {
        ERR_clear_error();
        return base::fail(base::errc::corrupt, "{} {}; move it away to start with a new identity issuer", path, why);
    };
    bio_ptr const in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    authority found;
    found.key.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    if (!found.key) return damaged("holds no private key");
    found.certificate.reset(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!found.certificate) return damaged("holds no certificate");
    if (X509_check_private_key(found.certificate.get(), found.key.get()) != 1) return damaged("holds a key of another certificate");
    if (X509_check_ca(found.certificate.get()) == 0) return damaged("holds a certificate that is not a CA");
    for (;;) {
        spiffe::x509_ptr root{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
        if (!root) break;
        found.older.push_back(std::move(root));
    }
    ERR_clear_error();  // the end of the file is an error to PEM_read
    return found;
}

base::result<base::secret_text> print_authority(authority const& ca) {
    bio_ptr const out{BIO_new(BIO_s_secmem())};
    bool good = out && PEM_write_bio_PKCS8PrivateKey(out.get(), ca.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
                PEM_write_bio_X509(out.get(), ca.certificate.get()) == 1;
    for (auto const& root : ca.older) good = good && PEM_write_bio_X509(out.get(), root.get()) == 1;
    if (!good) return base::fail(base::errc::internal, "writing the CA: {}", openssl_error());
    char* bytes = nullptr;
    auto const len = BIO_get_mem_data(out.get(), &bytes);
    return base::secret_text(std::string_view(bytes, static_cast<std::size_t>(len)));
}

void append_der(der& out, X509* certificate) {
    std::uint8_t* raw = nullptr;
    int const len = i2d_X509(certificate, &raw);
    if (len > 0) out.insert(out.end(), raw, raw + len);
    OPENSSL_free(raw);
}

}  // namespace

struct issuer::state {
    issuer_options options;
    std::string path;  // of the CA's file; empty: lives in memory only
    base::clock const* clock;
    authority ca;
    std::map<std::string, der> federated;

    base::result<authority> new_authority() const {
        VSECM_TRY(key, new_p256_key());
        VSECM_TRY(certificate, self_signed_ca(key.get(), options.trust_domain, clock->now(), options.ca_ttl));
        return authority{std::move(key), std::move(certificate), {}};
    }
    base::status store(authority const& which) const {
        if (path.empty()) return {};
        VSECM_TRY(pem, print_authority(which));
        return base::replace_file(base::posix_files(), path, pem.bytes(), 0600);
    }
};

issuer::issuer(std::unique_ptr<state> s) : state_(std::move(s)) {}
issuer::issuer(issuer&&) noexcept = default;
issuer& issuer::operator=(issuer&&) noexcept = default;
issuer::~issuer() = default;

base::result<issuer> issuer::ephemeral(issuer_options options) {
    auto made = std::make_unique<state>();
    VSECM_TRY(domain, spiffe::parse_trust_domain(options.trust_domain));
    options.trust_domain = domain;
    made->clock = options.clock != nullptr ? options.clock : &base::system_clock();
    made->options = std::move(options);
    VSECM_TRY(ca, made->new_authority());
    made->ca = std::move(ca);
    return issuer(std::move(made));
}

base::result<issuer> issuer::open(std::string const& folder, issuer_options options) {
    auto made = std::make_unique<state>();
    VSECM_TRY(domain, spiffe::parse_trust_domain(options.trust_domain));
    options.trust_domain = domain;
    made->clock = options.clock != nullptr ? options.clock : &base::system_clock();
    made->options = std::move(options);
    made->path = folder + "/ca.pem";
    auto stored = base::read_file(made->path, max_file_len);
    if (!stored && stored.error().code == base::errc::not_found) {
        VSECM_TRY(ca, made->new_authority());
        VSECM_TRY_OK(made->store(ca));
        made->ca = std::move(ca);
        return issuer(std::move(made));
    }
    if (!stored) return std::unexpected(std::move(stored).error());
    VSECM_TRY(ca, read_authority(stored->bytes(), made->path));
    auto const found_domain = uri_of(ca.certificate.get());
    if (found_domain != "spiffe://" + domain)
        return base::fail(base::errc::conflict, "{} is the issuer of '{}', not of spiffe://{}", made->path, found_domain, domain);
    made->ca = std::move(ca);
    issuer opened(std::move(made));
    if (opened.ca_is_old()) VSECM_TRY_OK(opened.rotate_ca());
    return opened;
}

bool issuer::ca_is_old() const {
    auto const left = spiffe::not_after(state_->ca.certificate.get()) - state_->clock->now();
    return left < std::max<std::chrono::nanoseconds>(state_->options.ca_ttl / 6, 2 * state_->options.svid_ttl);
}

base::status issuer::rotate_ca() {
    VSECM_TRY(next, state_->new_authority());
    auto const now = state_->clock->now();
    auto const keep = [&](spiffe::x509_ptr const& root) {
        if (now >= spiffe::not_after(root.get())) return;
        X509_up_ref(root.get());
        next.older.emplace_back(root.get());
    };
    keep(state_->ca.certificate);
    for (auto const& root : state_->ca.older) keep(root);
    VSECM_TRY_OK(state_->store(next));
    state_->ca = std::move(next);
    return {};
}

base::result<minted_svid> issuer::mint(std::string_view id, std::chrono::seconds ttl) {
    auto parsed = spiffe::spiffe_id::parse(id);
    if (!parsed) return base::fail(base::errc::invalid, "'{}': {}", id.substr(0, 200), parsed.error().what);
    if (parsed->path().empty() || !parsed->member_of(state_->options.trust_domain))
        return base::fail(base::errc::invalid, "{} is not a workload of spiffe://{}", id, state_->options.trust_domain);
    auto const now = state_->clock->now();
    auto const ca_end = spiffe::not_after(state_->ca.certificate.get());
    if (now >= ca_end) return base::fail(base::errc::unavailable, "the CA of spiffe://{} has expired", state_->options.trust_domain);

    minted_svid made;
    made.id = id;
    made.not_before = std::chrono::floor<std::chrono::seconds>(now - std::chrono::seconds{10});  // for clocks that lag
    made.expires = std::min<base::system_time>(
        std::chrono::floor<std::chrono::seconds>(now) + (ttl.count() > 0 ? ttl : state_->options.svid_ttl), ca_end);
    VSECM_TRY(key, new_p256_key());
    VSECM_TRY(leaf, signed_leaf(key.get(), made.id, made.not_before, made.expires, state_->ca.certificate.get(), state_->ca.key.get()));
    VSECM_TRY(pkcs8, pkcs8_of(key.get()));
    append_der(made.chain, leaf.get());
    made.key = std::move(pkcs8);
    return made;
}

std::string const& issuer::trust_domain() const noexcept { return state_->options.trust_domain; }

der issuer::bundle() const {
    der out;
    auto const now = state_->clock->now();
    append_der(out, state_->ca.certificate.get());
    for (auto const& root : state_->ca.older)
        if (now < spiffe::not_after(root.get())) append_der(out, root.get());
    return out;
}

void issuer::set_federated(std::string trust_domain, der roots) {
    state_->federated.insert_or_assign(std::move(trust_domain), std::move(roots));
}
std::map<std::string, der> const& issuer::federated() const noexcept { return state_->federated; }
base::clock const& issuer::clock() const noexcept { return *state_->clock; }
std::chrono::seconds issuer::svid_ttl() const noexcept { return state_->options.svid_ttl; }

}  // namespace vsecm::identity
