// What Kubernetes calls a name, and what this program calls itself there.
#pragma once

#include "base/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace vsecm::kube {

inline constexpr std::string_view field_manager = "vsecm";
// The original's writes carry the name of its program.
inline constexpr std::string_view original_field_manager = "vsecm-safe";
inline constexpr std::string_view owner_label = "app.kubernetes.io/operated-by";
inline constexpr std::string_view owner_value = "vsecm";

struct secret_ref {
    std::string space;  // the namespace
    std::string name;
    std::string text() const { return "Secret " + space + "/" + name; }
    auto operator<=>(secret_ref const&) const = default;
};

// errc::invalid with what is wrong, without the name: a Secret's is a DNS-1123 subdomain of at most 253 bytes, a
// namespace's a label of at most 63, and a data key has letters, digits and "-._", at most 253, and does not begin with "..".
base::status check_secret_name(std::string_view name);
base::status check_namespace_name(std::string_view name);
base::status check_data_key(std::string_view key);

}  // namespace vsecm::kube
