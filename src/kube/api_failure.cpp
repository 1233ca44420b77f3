#include "kube/api_failure.hpp"

#include "codec/json_reader.hpp"

#include <algorithm>
#include <charconv>

namespace vsecm::kube {
namespace {

using base::errc;
using codec::json_kind;
using codec::json_value;
using std::chrono::seconds;

constexpr std::int64_t longest_retry_after = 600;

// A code of the server's, fit to be printed: letters, as in FieldValueTooLong.
std::string_view word_of(std::optional<json_value> value) {
    auto const text = value ? value->as_string() : std::string_view{};
    auto const is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return text.size() <= 64 && std::ranges::all_of(text, is_letter) ? text : std::string_view{};
}

std::optional<json_value> member(std::optional<json_value> object, std::string_view name) { return object ? object->member(name) : std::nullopt; }

// The field a cause names, without what follows a bracket: that may be a key out of a secret's JSON.
std::string field_of(json_value cause) {
    auto const named = cause.member("field");
    auto text = named ? named->as_string() : std::string_view{};
    text = text.substr(0, text.find('['));
    if (text.starts_with(".data.") || text.starts_with("data.")) text = "data";
    auto const is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.'; };
    return text.size() <= 64 && std::ranges::all_of(text, is_plain) ? std::string(text) : std::string();
}

// " (FieldValueTooLong: data)" of the first cause; nothing if it has no code.
std::string first_cause(std::optional<json_value> causes) {
    if (!causes) return {};
    for (auto const cause : causes->elements()) {
        auto const code = word_of(cause.member("reason"));
        auto const field = field_of(cause);
        if (!code.empty()) return field.empty() ? std::format(" ({})", code) : std::format(" ({}: {})", code, field);
    }
    return {};
}

bool has_cause(std::optional<json_value> causes, std::string_view code) {
    if (!causes) return false;
    for (auto const cause : causes->elements())
        if (word_of(cause.member("reason")) == code) return true;
    return false;
}

// How an apply is told that the object it was meant for is another one by now: the uid, it says, may not change.
bool is_another_object(std::optional<json_value> causes) {
    if (!causes) return false;
    for (auto const cause : causes->elements())
        if (field_of(cause) == "metadata.uid") return true;
    return false;
}

std::optional<seconds> retry_after(net::http_client_response const& answer, std::optional<json_value> details) {
    std::int64_t asked = 0;
    auto const header = answer.fields["Retry-After"];
    auto const [end, bad] = std::from_chars(header.data(), header.data() + header.size(), asked);
    bool const given = !header.empty() && bad == std::errc() && end == header.data() + header.size();
    if (!given) {
        auto const in_body = member(details, "retryAfterSeconds");
        asked = in_body ? in_body->as_int().value_or(0) : 0;
    }
    if (asked <= 0) return std::nullopt;
    return seconds(std::min(asked, longest_retry_after));
}

struct verdict {
    refusal why;
    std::string sentence;
};

verdict judge_conflict(std::string_view reason, std::optional<json_value> causes, std::string const& object) {
    if (reason == "AlreadyExists") return {refusal::already_exists, object + " exists already"};
    if (has_cause(causes, "FieldManagerConflict")) return {refusal::fields_owned, std::format("parts of {} belong to somebody else", object)};
    return {refusal::modified, std::format("{} was changed at the same time", object)};
}

verdict judge(unsigned status, std::optional<json_value> body, asked_of_server const& asked) {
    auto const reason = word_of(member(body, "reason"));
    auto const details = member(body, "details");
    auto const causes = member(details, "causes");
    auto const kind = word_of(member(details, "kind"));
    auto const& object = asked.object;
    switch (status) {
        case 401: return {refusal::unauthorized, "the API server does not accept the token of this pod's service account (401)"};
        case 403:
            if (has_cause(causes, "NamespaceTerminating")) return {refusal::forbidden, std::format("the namespace of {} is being deleted (403)", object)};
            // Roles and quotas name what it is about; a webhook's refusal does not.
            if (kind.empty()) return {refusal::forbidden, std::format("a policy of the cluster does not let anybody {} {} like that (403)", asked.verb, object)};
            return {refusal::forbidden, std::format("this pod's service account may not {} {} (403{}): its role needs that verb there, or a quota is used up",
                                                    asked.verb, object, first_cause(causes))};
        case 404:
            if (kind == "namespaces") return {refusal::no_namespace, std::format("the namespace of {} does not exist (404)", object)};
            if (kind == "secrets") return {refusal::no_secret, object + " does not exist (404)"};
            return {refusal::broken, "there is no API server at that address: what answered does not know of Secrets (404)"};
        case 409: return judge_conflict(reason, causes, object);
        case 413: return {refusal::too_large, std::format("{} is larger than the API server takes (413)", object)};
        case 429: return {refusal::busy, "the API server has too much to do (429)"};
        default: break;
    }
    if (status == 422 && is_another_object(causes)) return {refusal::modified, std::format("{} was made anew at the same time", object)};
    if (status >= 500) return {refusal::broken, std::format("the API server failed ({}{}{})", status, reason.empty() ? "" : " ", reason)};
    return {refusal::invalid, std::format("the API server does not take {} as it is ({}{}{}){}", object, status, reason.empty() ? "" : " ", reason, first_cause(causes))};
}

}  // namespace

base::error api_failure::as_error() const {
    switch (why) {
        case refusal::unauthorized:
        case refusal::forbidden: return {errc::denied, what};
        case refusal::no_secret:
        case refusal::no_namespace: return {errc::not_found, what};
        case refusal::already_exists:
        case refusal::modified:
        case refusal::fields_owned:
        case refusal::foreign: return {errc::conflict, what};
        case refusal::invalid: return {errc::invalid, what};
        case refusal::too_large: return {errc::too_large, what};
        case refusal::busy: return {errc::limited, what};
        case refusal::broken:
        case refusal::unreachable: break;
    }
    return {errc::unavailable, what};
}

std::unexpected<api_failure> unreachable(base::error&& why) {
    return std::unexpected(api_failure{refusal::unreachable, "the API server: " + std::move(why).what, std::nullopt});
}

api_failure failure_of(net::http_client_response&& answer, asked_of_server const& asked) {
    // Not a Status: what a proxy in between says. The number alone has to do.
    auto const document = codec::json_document::parse(std::move(answer.body));
    std::optional<json_value> body;
    if (document && document->root().is(json_kind::object)) body = document->root();
    auto [why, sentence] = judge(answer.status, body, asked);
    return {why, std::move(sentence), retry_after(answer, member(body, "details"))};
}

}  // namespace vsecm::kube
