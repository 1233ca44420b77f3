#include "roles/safe/handlers/fetch_view.hpp"

#include "api/messages.hpp"
#include "base/try.hpp"
#include "codec/json_writer.hpp"

#include <algorithm>

namespace vsecm::roles::safe {
namespace {

// SecretStored of contract 6.5, field for field (the capital Format is the original's).
base::status append_record(vault& safe, codec::json_writer& out, store::stored_secret const& secret, std::string_view delivered) {
    VSECM_TRY(value, safe.secrets().value_text(secret));
    out.begin_object();
    out.member("name", secret.name).member("value", value.view()).member("valueTransformed", delivered);
    out.key("meta").begin_object();
    out.key("namespaces").begin_array();
    for (auto const& space : secret.meta->namespaces) out.string(space);
    out.end_array();
    out.member("template", secret.meta->template_text).member("Format", secret.meta->format).member("correlationId", secret.correlation_id);
    out.end_object();
    out.member("created", base::format_rfc3339_nano(secret.created)).member("updated", base::format_rfc3339_nano(secret.updated));
    out.member("notBefore", base::format_rfc3339_nano(secret.not_before)).member("expiresAfter", base::format_rfc3339_nano(secret.expires));
    out.end_object();
    return {};
}

// What is there, by name; and why there is nothing, if there is nothing.
struct raw_secrets {
    std::vector<store::secret_ptr> present;
    store::visibility otherwise = store::visibility::absent;
};

// errc::corrupt if one of them is damaged: without it the others would be told as all there is.
base::result<raw_secrets> find_raw(vault& safe) {
    using store::visibility;
    // Of several reasons the one that promises most: what is to come must not be taken for what is over.
    constexpr auto rank = [](visibility seen) { return seen == visibility::not_yet ? 3 : seen == visibility::expired ? 2 : seen == visibility::deleted ? 1 : 0; };
    raw_secrets found;
    for (auto const& name : safe.secrets().names_with_prefix(safe.prefixes().raw)) {
        if (api::classify(name, safe.prefixes()).kind != api::name_kind::raw) continue;
        auto secret = safe.secrets().find(name);
        auto const seen = safe.seen(secret);
        if (seen == visibility::damaged)
            return base::fail(base::errc::corrupt, "the stored secret `{}` is damaged; an operator must write it again or delete it", name);
        if (seen == visibility::present) found.present.push_back(std::move(secret));
        else if (rank(seen) > rank(found.otherwise)) found.otherwise = seen;
    }
    std::ranges::sort(found.present, {}, [](auto const& secret) -> std::string_view { return secret->name; });
    return found;
}

}  // namespace

answer fetch_raw(vault& safe, request_context& ctx) {
    VSECM_TRY(found, find_raw(safe));
    auto const& raw = found.present;
    for (auto const& secret : raw) ctx.names.push_back(secret->name);

    net::http_response response;
    if (raw.empty()) {
        response.status = 404;
        response.headers.emplace_back(api::header_reason, store::name_of(found.otherwise));
        ctx.outcome = store::name_of(found.otherwise);
        return response;
    }
    base::secret_text data;
    codec::json_writer array(data);
    if (raw.size() > 1) array.begin_array();
    for (auto const& secret : raw) {
        VSECM_TRY(delivered, safe.secrets().delivered_text(*secret));
        if (raw.size() == 1) data = std::move(delivered);
        else VSECM_TRY_OK(append_record(safe, array, *secret, delivered.view()));
    }
    if (raw.size() > 1) array.end_array();
    response.content_type = api::content_type_text;
    api::write_fetch_response(response.body, data.view(), std::nullopt, std::nullopt);
    return response;
}

}  // namespace vsecm::roles::safe
