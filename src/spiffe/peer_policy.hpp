// From a SPIFFE ID to what the caller is. Compiled once at start from the original's variables.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vsecm::spiffe {

enum class caller_kind { unknown, workload, safe, sentinel, scout, clerk };
std::string_view name_of(caller_kind kind) noexcept;

struct caller {
    caller_kind kind = caller_kind::unknown;
    std::string workload_name;                      // group 1 of the name pattern; set for every known kind
    std::optional<std::string> workload_namespace;  // the segment after "/ns/"; absent where the layout has none
};

// The values of SPIFFE_TRUST_DOMAIN, VSECM_WORKLOAD_NAME_REGEXP and VSECM_SPIFFEID_PREFIX_*. Empty means the default for the
// trust domain. A value that begins with "^spiffe://<trust domain>/" is a Go regular expression; one that begins
// with "spiffe://<trust domain>/" is a literal prefix and ends at a segment boundary.
struct policy_settings {
    std::string trust_domain = "vsecm.com";
    std::string workload_name_regexp;
    std::string workload;
    std::string safe;
    std::string sentinel;
    std::string scout;
    std::string clerk;
};

// Immutable and thread-safe.
class peer_policy {
public:
    // errc::invalid naming the variable for a regular expression that does not compile, a name pattern without a group,
    // or a value that could never match.
    static base::result<peer_policy> make(policy_settings settings);
    peer_policy(peer_policy&&) noexcept;
    peer_policy& operator=(peer_policy&&) noexcept;
    ~peer_policy();

    // What `id` is: every kind must satisfy the workload pattern and the name pattern first, as in the original. An ID
    // that matches several kinds is the first of safe, sentinel, scout, clerk, workload. Longer than 2,048 bytes: unknown.
    caller classify(std::string_view id) const;
    bool is(caller_kind kind, std::string_view id) const { return classify(id).kind == kind; }
    // Whether IDs of this layout carry a namespace ("/ns/" appears in the workload or name pattern).
    bool has_namespaces() const noexcept;

private:
    struct rules;
    explicit peer_policy(std::unique_ptr<rules> r);
    std::unique_ptr<rules> rules_;
};

}  // namespace vsecm::spiffe
