// SPIFFE IDs: who somebody is. Source: SPIFFE-ID.md, as strict as go-spiffe, and 2,048 bytes at most.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace vsecm::spiffe {

inline constexpr std::size_t max_spiffe_id_len = 2048;
inline constexpr std::size_t max_trust_domain_len = 255;

// A valid ID, kept as the text it was read from. Cheap to copy as a string is.
class spiffe_id {
public:
    // errc::invalid with what is wrong; nothing is normalised.
    static base::result<spiffe_id> parse(std::string_view text);

    std::string const& text() const noexcept { return text_; }
    std::string_view trust_domain() const noexcept { return std::string_view(text_).substr(9, domain_len_); }
    std::string_view path() const noexcept { return std::string_view(text_).substr(9 + domain_len_); }  // "" or "/…"
    bool member_of(std::string_view trust_domain_name) const noexcept { return trust_domain() == trust_domain_name; }
    bool operator==(spiffe_id const& other) const noexcept { return text_ == other.text_; }

private:
    spiffe_id(std::string text, std::size_t domain_len) : text_(std::move(text)), domain_len_(domain_len) {}
    std::string text_;
    std::size_t domain_len_;
};

// The name of a trust domain out of "td" or "spiffe://td[/path]". errc::invalid with what is wrong.
base::result<std::string> parse_trust_domain(std::string_view text);

}  // namespace vsecm::spiffe
