// From a SPIFFE ID to what the caller is. Compiled once at start from the original's variables.
#pragma once

#include "base/result.hpp"
#include "config/identity_patterns.hpp"

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

// Immutable and thread-safe.
class peer_policy {
public:
    // errc::invalid naming the variable for a regular expression that does not compile, a name pattern without a group,
    // or a value that could never match.
    static base::result<peer_policy> make(config::identity_patterns patterns);
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
