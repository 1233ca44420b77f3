// By what SPIFFE IDs are told apart, as the operator gave it; spiffe/peer_policy compiles it.
#pragma once

#include <string>

namespace vsecm::config {

// The values of SPIFFE_TRUST_DOMAIN, VSECM_WORKLOAD_NAME_REGEXP and VSECM_SPIFFEID_PREFIX_*. Empty means the default for the
// trust domain. A value that begins with "^spiffe://<trust domain>/" is a Go (RE2) regular expression; one that begins
// with "spiffe://<trust domain>/" is a literal prefix and ends at a segment boundary.
struct identity_patterns {
    std::string trust_domain = "vsecm.com";
    std::string workload_name_regexp;
    std::string workload;
    std::string safe;
    std::string sentinel;
    std::string scout;
    std::string clerk;
};

}  // namespace vsecm::config
