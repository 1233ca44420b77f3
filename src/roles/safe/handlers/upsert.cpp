// POST /sentinel/v1/secrets: encrypt only, or put or append a value for one or more names. Contract 2.3.
#include "api/messages.hpp"
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/age_format.hpp"
#include "roles/safe/cluster.hpp"
#include "roles/safe/handlers/handler.hpp"
#include "roles/safe/rendering.hpp"

#include <algorithm>
#include <iterator>

namespace vsecm::roles::safe {
namespace {

using base::errc, base::fail;

answer encrypt_only(vault& safe, api::upsert_request const& asked) {
    if (asked.value.empty()) return fail(errc::invalid, "there is nothing to encrypt: the value is empty");
    auto const sealed = safe.cipher().encrypt(asked.value.bytes());
    base::secret_text body;
    base::base64_append(body, sealed);
    return ok_text(std::move(body));
}

// What the original's FIPS mode made, where that mode is kept: nothing says that it is that, but what a wrong key gives is not
// UTF-8, beyond a few bytes. Nobody gains by changing such a value, who may write any.
base::result<base::secret_text> decrypted_cfb(vault& safe, base::byte_view sealed) {
    if (safe.cipher().mode() != crypto::cipher_mode::aes || crypto::looks_like_age(sealed) || crypto::is_aes_gcm(sealed))
        return fail(errc::no_match, "");
    return safe.cipher().decrypt_cfb_compat(sealed, codec::is_valid_utf8);
}

struct opened_value {
    base::secret_text plain;
    bool is_cfb = false;
};

struct planned {
    std::vector<store::change> changes{};
    std::vector<std::string> notes{};  // sentences for whoever asked
};

// The plaintext of a value that came as base64 of ciphertext.
base::result<opened_value> decrypted(vault& safe, base::secret_text const& value) {
    auto sealed = base::base64_decode_secret(value.view());
    if (!sealed) return fail(errc::invalid, "the value is not base64, as `safe -e` prints it: {}", sealed.error().what);
    auto plain = safe.cipher().decrypt(sealed->bytes());
    if (plain) return opened_value{*std::move(plain)};
    auto const why = std::move(plain).error().what;
    plain = decrypted_cfb(safe, sealed->bytes());
    if (!plain) return fail(errc::invalid, "the value cannot be decrypted with this root key: {}", why);
    return opened_value{*std::move(plain), true};
}

base::status check_words(vault& safe, api::upsert_request const& asked) {
    VSECM_TRY_OK(api::parse_format(asked.format));
    if (!asked.backing_store.empty() && asked.backing_store != "file" && asked.backing_store != "memory")
        return fail(errc::invalid, "a secret is stored in `file` or `memory`");
    if (asked.backing_store == "file" && safe.settings().store == config::backing_store::memory)
        return fail(errc::invalid, "this safe keeps everything in memory (VSECM_SAFE_BACKING_STORE=memory)");
    if (!asked.values.empty()) return fail(errc::invalid, "several values in one request are not supported: append them one by one");
    for (auto const& name : asked.namespaces) VSECM_TRY_OK(api::check_namespace(name));
    return {};
}

// Every name once, in the order given.
base::result<std::vector<std::string>> checked_names(std::vector<std::string> const& asked) {
    std::vector<std::string> names;
    for (auto const& name : asked) {
        if (auto good = api::check_secret_name(name); !good) return pass(std::move(good), "secret name");
        if (name == api::name_safe_config)
            return fail(errc::invalid, "the name `vsecm-safe` is reserved: it configured the original's PostgreSQL store, which does not exist here");
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

base::result<planned> plan(vault& safe, request_context& ctx, api::upsert_request const& asked) {
    VSECM_TRY_OK(check_words(safe, asked));
    VSECM_TRY(names, checked_names(asked.workloads));
    ctx.names = names;
    VSECM_TRY_OK(check_for_kubernetes(names, asked.namespaces, safe.prefixes()));
    if (asked.value.empty()) return fail(errc::invalid, "the value is empty; to remove a secret, delete it");
    auto const now = safe.clock().now();
    VSECM_TRY(not_before, api::parse_not_before(asked.not_before, now));
    VSECM_TRY(expires, api::parse_expires(asked.expires));
    if (expires <= not_before) return fail(errc::invalid, "the secret would expire before it begins to be valid");
    planned all;
    base::secret_text plain;
    if (asked.encrypt) {
        VSECM_TRY(opened, decrypted(safe, asked.value));
        plain = std::move(opened.plain);
        if (plain.empty()) return fail(errc::invalid, "the decrypted value is empty");
        if (opened.is_cfb) all.notes.emplace_back("the value was encrypted as the original does in FIPS mode, not protected against changes: encrypt it anew");
    }
    auto const& value = asked.encrypt ? plain : asked.value;
    if (value.size() > safe.settings().limits.max_value_len)
        return fail(errc::too_large, "the value is larger than {} bytes (VSECM_SAFE_MAX_VALUE)", safe.settings().limits.max_value_len);
    // Each name gets a copy of its own.
    if (value.size() + asked.template_text.size() > store::max_waiting_len / names.size())
        return fail(errc::too_large, "value and template are too large for {} workloads at once: name fewer at a time", names.size());

    for (auto& name : names) {
        store::change one;
        one.kind = asked.append ? store::change_kind::append : store::change_kind::put;
        one.name = std::move(name);
        one.value = value.clone();
        one.meta.namespaces = asked.namespaces;
        for (auto& space : one.meta.namespaces)
            if (space.empty()) space = "default";
        if (one.meta.namespaces.empty()) one.meta.namespaces = {"default"};
        one.meta.template_text = asked.template_text.view();
        // Without a format the original delivers what the template gives; its command line always names one.
        one.meta.format = asked.format.empty() ? "raw" : asked.format;
        one.not_before = not_before;
        one.expires = expires;
        if (asked.if_version) one.expected_version = static_cast<std::uint64_t>(std::max<std::int64_t>(*asked.if_version, 0));
        one.correlation_id = ctx.correlation_id;
        one.memory_only = asked.backing_store == "memory";
        all.changes.push_back(std::move(one));
    }
    return all;
}

// Sentences for whoever asked: above all, what is delivered instead of what was asked.
net::awaitable<base::result<std::vector<std::string>>> write(vault& safe, request_context& ctx, api::upsert_request const& asked) {
    // An append is rendered with the values that are there; when another was faster, again. One of those who race always wins.
    constexpr unsigned most_attempts = 1000;
    auto const deadline = net::steady_clock::now() + safe.settings().limits.request_timeout;
    for (unsigned attempt = 1;; ++attempt) {
        VSECM_CO_TRY(all, plan(safe, ctx, asked));
        VSECM_CO_TRY(notes, co_await render(safe, all.changes, deadline));
        std::ranges::move(notes, std::back_inserter(all.notes));
        auto const done = co_await safe.secrets().commit(std::move(all.changes));
        if (done) co_return std::move(all.notes);
        bool const overtaken = done.error().code == errc::conflict && asked.append && !asked.if_version;
        if (!overtaken || attempt == most_attempts) co_return std::unexpected(done.error());
    }
}

// Why nobody receives what has that name; empty: somebody may. The original takes any name, and so do we.
std::string_view nobody_yet(vault& safe, std::string_view name) {
    auto const [kind, bare] = api::classify(name, safe.prefixes());
    if (kind == api::name_kind::kubernetes && !safe.mirror()) return "and waits: this safe knows no API server of Kubernetes (VSECM_SAFE_K8S_API_URL)";
    auto const may_be_in_an_id = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._/").contains(c); };
    if (kind == api::name_kind::workload && !std::ranges::all_of(bare, may_be_in_an_id))
        return "but no workload can have that name: give several with a -w each";
    return {};
}

}  // namespace

net::awaitable<answer> handle_upsert(vault& safe, request_context& ctx, net::http_request& request) {
    VSECM_CO_TRY(asked, api::parse_upsert_request(std::move(request.body)));
    if (asked.workloads.empty()) {
        if (asked.encrypt) co_return encrypt_only(safe, asked);
        co_return fail(errc::invalid, "no workload is named");
    }
    VSECM_CO_TRY(notes, co_await write(safe, ctx, asked));
    std::string body;
    for (std::size_t i = 0; i < asked.workloads.size(); ++i) body += api::body_ok;  // one a name, as asked
    auto response = ok_text(body);
    for (auto const& sentence : notes) add_warning(response, sentence);
    for (auto const& name : ctx.names)
        if (auto const who_waits = nobody_yet(safe, name); !who_waits.empty()) add_warning(response, "`" + name + "` is stored, " + std::string(who_waits));
    co_return response;
}

}  // namespace vsecm::roles::safe
