#include "spiffe/spiffe_id.hpp"

#include "base/try.hpp"

#include <algorithm>

namespace vsecm::spiffe {
namespace {

constexpr std::string_view scheme = "spiffe://";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_mark(char c) noexcept { return c == '.' || c == '-' || c == '_'; }
bool is_domain_char(char c) noexcept { return is_lower(c) || is_digit(c) || is_mark(c); }
bool is_path_char(char c) noexcept { return is_domain_char(c) || (c >= 'A' && c <= 'Z'); }

base::status check_domain(std::string_view domain) {
    if (!std::ranges::all_of(domain, is_domain_char))
        return base::fail(base::errc::invalid,
                          "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores");
    if (domain.empty()) return base::fail(base::errc::invalid, "trust domain is missing");
    if (domain.size() > max_trust_domain_len)
        return base::fail(base::errc::invalid, "trust domain is longer than {} bytes", max_trust_domain_len);
    return {};
}

base::status check_path(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // its slash
        auto const segment = path.substr(0, path.find('/'));
        if (segment.empty())
            return path.empty() ? base::fail(base::errc::invalid, "path cannot have a trailing slash")
                                : base::fail(base::errc::invalid, "path cannot contain empty segments");
        if (segment == "." || segment == "..") return base::fail(base::errc::invalid, "path cannot contain dot segments");
        if (!std::ranges::all_of(segment, is_path_char))
            return base::fail(base::errc::invalid,
                              "path segment characters are limited to letters, numbers, dots, dashes, and underscores");
        path.remove_prefix(segment.size());
    }
    return {};
}

}  // namespace

base::result<spiffe_id> spiffe_id::parse(std::string_view text) {
    static_assert(scheme.size() == 9);  // what the accessors in the header count on
    if (text.empty()) return base::fail(base::errc::invalid, "cannot be empty");
    if (text.size() > max_spiffe_id_len)
        return base::fail(base::errc::invalid, "a SPIFFE ID is longer than {} bytes", max_spiffe_id_len);
    if (!text.starts_with(scheme)) return base::fail(base::errc::invalid, "scheme is missing or invalid");
    auto const rest = text.substr(scheme.size());
    auto const domain = rest.substr(0, rest.find('/'));
    VSECM_TRY_OK(check_domain(domain));
    VSECM_TRY_OK(check_path(rest.substr(domain.size())));
    return spiffe_id(std::string(text), domain.size());
}

base::result<std::string> parse_trust_domain(std::string_view text) {
    if (text.contains(':')) {
        VSECM_TRY(id, spiffe_id::parse(text));
        return std::string(id.trust_domain());
    }
    VSECM_TRY_OK(check_domain(text));
    return std::string(text);
}

}  // namespace vsecm::spiffe
