#include "kube/names.hpp"

#include "base/try.hpp"

#include <algorithm>

namespace vsecm::kube {
namespace {

using base::errc, base::fail;

constexpr std::size_t max_subdomain_len = 253, max_label_len = 63, max_key_len = 253;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_label(std::string_view text) {
    return !text.empty() && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

}  // namespace

base::status check_secret_name(std::string_view name) {
    bool good = name.size() <= max_subdomain_len;
    while (good) {
        auto const dot = name.find('.');
        good = is_label(name.substr(0, dot));
        if (dot == name.npos) break;
        name.remove_prefix(dot + 1);
    }
    if (good) return {};
    return fail(errc::invalid, "a Kubernetes Secret's name is made of lower-case letters, digits, '-' and '.', begins and ends with a letter or digit, "
                               "and has at most 253 characters");
}

base::status check_namespace_name(std::string_view name) {
    if (name.size() <= max_label_len && is_label(name)) return {};
    return fail(errc::invalid, "a Kubernetes namespace's name is made of lower-case letters, digits and '-', begins and ends with a letter or digit, "
                               "and has at most 63 characters");
}

base::status check_data_key(std::string_view key) {
    auto const is_key_char = [](char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_'; };
    if (!key.empty() && key.size() <= max_key_len && key != "." && !key.starts_with("..") && std::ranges::all_of(key, is_key_char)) return {};
    return fail(errc::invalid, "a field name of the value is no key for a Kubernetes Secret: letters, digits, '-', '_' and '.' are, at most 253");
}

}  // namespace vsecm::kube
