#include "spiffe/peer_policy.hpp"

#include "base/try.hpp"
#include "spiffe/id_pattern.hpp"
#include "spiffe/spiffe_id.hpp"

#include <array>

namespace vsecm::spiffe {
namespace {

// "vsecm.com" -> "vsecm\.com": a dot of ours means a dot.
std::string quoted(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (c == '.') out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

// The original's layout, for any trust domain.
std::string default_pattern(std::string_view trust_domain, std::string_view name, std::string_view space) {
    return std::format("^spiffe://{}/workload/{}/ns/{}/sa/{}/n/[^/]+$", quoted(trust_domain), name, space, name);
}

// A variable's value: a regular expression or a literal prefix.
class rule {
public:
    static base::result<rule> make(std::string_view variable, std::string const& value, std::string const& prefix) {
        rule made;
        if (value.starts_with('^') && std::string_view(value).substr(1).starts_with(prefix)) {
            VSECM_TRY(pattern, id_pattern::compile(variable, value));
            made.pattern_.emplace(std::move(pattern));
        } else if (value.starts_with(prefix)) {
            made.prefix_ = value;
        } else {
            return base::fail(base::errc::invalid, "{}: '{}' can never match: it must begin with '{}' (a literal prefix) or '^{}' "
                                                   "(a regular expression); see SPIFFE_TRUST_DOMAIN", variable, value, prefix, prefix);
        }
        return made;
    }

    bool literal() const noexcept { return !pattern_; }
    bool matches(std::string_view id) const {
        if (pattern_) return pattern_->matches(id);
        // A prefix ends where a segment ends: "…/vsecm-sentinel" is not "…/vsecm-sentinel-evil".
        if (!id.starts_with(prefix_)) return false;
        return prefix_.ends_with('/') || id.size() == prefix_.size() || id[prefix_.size()] == '/';
    }

private:
    std::string prefix_;
    std::optional<id_pattern> pattern_;
};

// What the letter after a backslash stands for: punctuation for itself, digits and word characters. All else may be a slash, or
// many: "\S", "\x2f", "\Q".
constexpr bool matches_no_slash_escaped(char c) noexcept {
    bool const letter_or_digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return c == 'd' || c == 'w' || (!letter_or_digit && c != '/');
}

// Which segment of the path is the literal "ns" in a pattern such as "^spiffe://td/workload/[^/]+/ns/[^/]+…". Nothing
// where that cannot be told (a slash inside a group or with a quantifier, or something that may match a slash before it).
std::optional<std::size_t> namespace_segment(std::string_view pattern, std::size_t path_begin) {
    std::size_t index = 0, depth = 0;
    // Another number of times than once.
    auto const quantified = [&](std::size_t at) { return at < pattern.size() && std::string_view("?*+{").contains(pattern[at]); };
    for (std::size_t i = path_begin; i < pattern.size(); ++i) {
        char const c = pattern[i];
        if (c == '\\') {
            ++i;
            if (i == pattern.size() || !matches_no_slash_escaped(pattern[i])) return {};
        } else if (c == '[') {
            auto const end = pattern.find(']', i + 3);  // "[^]" and "[]" may begin with a literal ']'
            bool const excludes_slash = pattern.substr(i).starts_with("[^/]");
            if (end == std::string_view::npos && !excludes_slash) return {};
            if (!excludes_slash && pattern.substr(i, end - i).contains('/')) return {};
            if (!excludes_slash && pattern.substr(i).starts_with("[^")) return {};
            i = excludes_slash ? i + 3 : end;
        } else if (c == '.' && quantified(i + 1)) {
            return {};
        } else if (c == '|') {
            return {};
        } else if (c == '(') {
            ++depth;
        } else if (c == ')') {
            --depth;  // the pattern compiles, so there was one
        } else if (c == '/') {
            if (depth > 0 || quantified(i + 1)) return {};
            if (pattern.substr(i).starts_with("/ns/")) return index;
            ++index;
        }
    }
    return {};
}

std::string_view segment_of(std::string_view path, std::size_t index) {
    for (std::size_t at = 0;; ++at) {
        auto const slash = path.find('/');
        if (slash == std::string_view::npos) return {};
        path.remove_prefix(slash + 1);
        if (at == index) return path.substr(0, path.find('/'));
    }
}

}  // namespace

std::string_view name_of(caller_kind kind) noexcept {
    switch (kind) {
        case caller_kind::workload: return "workload";
        case caller_kind::safe: return "safe";
        case caller_kind::sentinel: return "sentinel";
        case caller_kind::scout: return "scout";
        case caller_kind::clerk: return "clerk";
        case caller_kind::unknown: break;
    }
    return "unknown";
}

struct peer_policy::rules {
    std::string prefix;  // "spiffe://<trust domain>/"
    id_pattern name;
    rule workload;
    std::array<std::pair<caller_kind, rule>, 4> kinds;  // in the order they are asked
    std::optional<std::size_t> namespace_index;
};

peer_policy::peer_policy(std::unique_ptr<rules> r) : rules_(std::move(r)) {}
peer_policy::peer_policy(peer_policy&&) noexcept = default;
peer_policy& peer_policy::operator=(peer_policy&&) noexcept = default;
peer_policy::~peer_policy() = default;

base::result<peer_policy> peer_policy::make(config::identity_patterns patterns) {
    auto domain = parse_trust_domain(patterns.trust_domain);
    if (!domain || *domain != patterns.trust_domain)
        return base::fail(base::errc::invalid, "SPIFFE_TRUST_DOMAIN: '{}' is not the name of a trust domain", patterns.trust_domain);
    auto const prefix = std::format("spiffe://{}/", *domain);
    auto const fill = [&](std::string& value, std::string_view name, std::string_view space) {
        if (value.empty()) value = default_pattern(*domain, name, space);
    };
    auto& s = patterns;
    fill(s.workload, "[^/]+", "[^/]+");
    fill(s.safe, "vsecm-safe", "vsecm-system");
    fill(s.sentinel, "vsecm-sentinel", "vsecm-system");
    fill(s.scout, "vsecm-scout", "vsecm-system");
    fill(s.clerk, "vsecm-clerk", "default");
    bool const own_name = s.workload_name_regexp.empty();
    if (own_name)
        s.workload_name_regexp = std::format("^spiffe://{}/workload/([^/]+)/ns/[^/]+/sa/[^/]+/n/[^/]+$", quoted(*domain));

    constexpr std::string_view name_variable = "VSECM_WORKLOAD_NAME_REGEXP";
    // The escaped dots of a default are no literal text: such a value is compiled whatever it begins with.
    auto const make_rule = [&](std::string_view variable, std::string const& value) -> base::result<rule> {
        auto const ours = std::format("^spiffe://{}/", quoted(*domain));
        if (value.starts_with(ours)) return rule::make(variable, value, ours.substr(1));
        return rule::make(variable, value, prefix);
    };
    VSECM_TRY(name, id_pattern::compile(name_variable, s.workload_name_regexp));
    if (name.num_groups() < 1)
        return base::fail(base::errc::invalid, "{}: '{}' has no group, so no workload would have a name", name_variable,
                          s.workload_name_regexp);
    VSECM_TRY(workload, make_rule("VSECM_SPIFFEID_PREFIX_WORKLOAD", s.workload));
    if (workload.literal() && !own_name && !s.workload_name_regexp.starts_with("^" + prefix))
        return base::fail(base::errc::invalid, "{}: with a literal VSECM_SPIFFEID_PREFIX_WORKLOAD it must begin with '^{}'",
                          name_variable, prefix);
    VSECM_TRY(safe, make_rule("VSECM_SPIFFEID_PREFIX_SAFE", s.safe));
    VSECM_TRY(sentinel, make_rule("VSECM_SPIFFEID_PREFIX_SENTINEL", s.sentinel));
    VSECM_TRY(scout, make_rule("VSECM_SPIFFEID_PREFIX_SCOUT", s.scout));
    VSECM_TRY(clerk, make_rule("VSECM_SPIFFEID_PREFIX_CLERK", s.clerk));

    std::optional<std::size_t> index;
    for (std::string_view const pattern : {std::string_view(s.workload_name_regexp), std::string_view(s.workload)}) {
        auto const authority = pattern.find("spiffe://");
        if (index || authority == std::string_view::npos) continue;
        auto const path = pattern.find('/', authority + 9);
        if (path != std::string_view::npos) index = namespace_segment(pattern, path);
    }
    return peer_policy(std::make_unique<rules>(rules{prefix,
                                                     std::move(name),
                                                     std::move(workload),
                                                     {{{caller_kind::safe, std::move(safe)},
                                                       {caller_kind::sentinel, std::move(sentinel)},
                                                       {caller_kind::scout, std::move(scout)},
                                                       {caller_kind::clerk, std::move(clerk)}}},
                                                     index}));
}

bool peer_policy::has_namespaces() const noexcept { return rules_->namespace_index.has_value(); }

caller peer_policy::classify(std::string_view id) const {
    // The trust domain is compared as text, whatever the dots of a pattern would match.
    if (id.size() > max_spiffe_id_len || !id.starts_with(rules_->prefix)) return {};
    caller found;
    if (!rules_->workload.matches(id) || !rules_->name.first_group(id, found.workload_name) || found.workload_name.empty()) return {};
    found.kind = caller_kind::workload;
    for (auto const& [kind, pattern] : rules_->kinds) {
        if (!pattern.matches(id)) continue;
        found.kind = kind;
        break;
    }
    if (rules_->namespace_index) {
        auto const path = id.substr(rules_->prefix.size() - 1);
        auto const space = segment_of(path, *rules_->namespace_index + 1);
        if (segment_of(path, *rules_->namespace_index) == "ns" && !space.empty()) found.workload_namespace = space;
    }
    return found;
}

}  // namespace vsecm::spiffe
