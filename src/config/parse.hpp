// Text of a variable to a value. Each returns nothing when the text does not parse; nobody guesses.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace vsecm::config {

// The original's: base-10 int32 milliseconds, sign allowed, no white space.
std::optional<std::chrono::milliseconds> parse_original_ms(std::string_view text) noexcept;
// Ours: digits with ms, s, m or h, or digits alone for milliseconds. Not negative, at most 10 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
// The original's: anything but "true" is false, so this always parses.
bool parse_original_bool(std::string_view text) noexcept;
std::optional<bool> parse_bool(std::string_view text) noexcept;
std::optional<std::int64_t> parse_int(std::string_view text) noexcept;  // Go's Atoi: optional sign, digits only
std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept;  // digits, then nothing, KiB, MiB or GiB
std::optional<std::uint32_t> parse_octal_mode(std::string_view text) noexcept;  // "0640", "640": 0 to 0777
// "1000", "1000:1000", ":1000": a user and a group by number, below 2^32 - 1; nothing for a part that is left out.
using owner_numbers = std::pair<std::optional<std::uint32_t>, std::optional<std::uint32_t>>;
std::optional<owner_numbers> parse_owner(std::string_view text) noexcept;
// "HUP", "SIGHUP": by name, those that programs take for a word to them; numbers differ between machines.
std::optional<int> parse_signal(std::string_view text) noexcept;
// ":8443", "host:8443", "[::1]:8443": the form only; the port is 0 to 65535.
bool is_address(std::string_view text) noexcept;

// Number of single-letter edits between two names; for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace vsecm::config
