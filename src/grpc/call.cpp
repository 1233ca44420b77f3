#include "grpc/call.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace vsecm::grpc {
namespace {

constexpr std::array<std::string_view, 17> code_names{
    "OK",         "CANCELLED",          "UNKNOWN",           "INVALID_ARGUMENT",    "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",       "OUT_OF_RANGE",
    "UNIMPLEMENTED",  "INTERNAL",          "UNAVAILABLE",        "DATA_LOSS",           "UNAUTHENTICATED"};

base::errc errc_of(code c) noexcept {
    using base::errc;
    switch (c) {
        case code::cancelled: return errc::cancelled;
        case code::invalid_argument:
        case code::out_of_range: return errc::invalid;
        case code::deadline_exceeded: return errc::timeout;
        case code::not_found: return errc::not_found;
        case code::already_exists:
        case code::aborted:
        case code::failed_precondition: return errc::conflict;
        case code::permission_denied:
        case code::unauthenticated: return errc::denied;
        case code::resource_exhausted: return errc::limited;
        case code::unimplemented: return errc::unsupported;
        case code::unavailable: return errc::unavailable;
        case code::data_loss: return errc::corrupt;
        case code::ok:
        case code::unknown:
        case code::internal: break;
    }
    return errc::internal;
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

struct timeout_unit {
    char letter;
    std::int64_t nanos;
};
// Finest first, which is the order format_timeout tries them in.
constexpr std::array<timeout_unit, 6> timeout_units{{{'n', 1},
                                                     {'u', 1'000},
                                                     {'m', 1'000'000},
                                                     {'S', 1'000'000'000},
                                                     {'M', 60'000'000'000},
                                                     {'H', 3'600'000'000'000}}};
constexpr std::int64_t max_timeout_digits_value = 99'999'999;

}  // namespace

std::string_view name_of(code c) noexcept {
    auto const n = static_cast<std::size_t>(c);
    return n < code_names.size() ? code_names[n] : "UNKNOWN";
}

base::error to_error(call_status const& status) {
    if (status.message.empty()) return {errc_of(status.status), std::string(name_of(status.status))};
    return {errc_of(status.status), std::format("{}: {}", name_of(status.status), status.message)};
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        auto const byte = static_cast<unsigned char>(c);
        // HTTP/2 (RFC 9113, 8.2.1) forbids a field value to begin or end with a space.
        bool const outer_space = c == ' ' && (i == 0 || i + 1 == text.size());
        if (byte >= 0x20 && byte <= 0x7e && c != '%' && !outer_space) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(digits[byte >> 4]);
            out.push_back(digits[byte & 15]);
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        int const high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        int const low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

base::result<std::chrono::nanoseconds> parse_timeout(std::string_view text) {
    auto const bad = [] { return base::fail(base::errc::invalid, "grpc-timeout is not 1 to 8 digits and a unit"); };
    if (text.size() < 2 || text.size() > 9) return bad();
    auto const unit = std::ranges::find(timeout_units, text.back(), &timeout_unit::letter);
    if (unit == timeout_units.end()) return bad();
    std::uint32_t amount = 0;
    auto const digits = text.substr(0, text.size() - 1);
    if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return bad();
    std::from_chars(digits.data(), digits.data() + digits.size(), amount);
    std::int64_t nanos = 0;  // 99,999,999 hours do not fit: then "for ever" is as good
    if (__builtin_mul_overflow(static_cast<std::int64_t>(amount), unit->nanos, &nanos)) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds{nanos};
}

std::string format_timeout(std::chrono::nanoseconds timeout) {
    auto const nanos = std::max<std::int64_t>(timeout.count(), 0);
    for (auto const& unit : timeout_units)
        if (nanos / unit.nanos < max_timeout_digits_value)  // rounded up: a deadline is never shortened
            return std::format("{}{}", nanos / unit.nanos + (nanos % unit.nanos != 0 ? 1 : 0), unit.letter);
    return "99999999H";
}

void append_prefix(base::secret_text& out, std::size_t message_len) {
    out.push_back(0);
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message_len >> shift & 0xff));
}

base::status message_assembler::feed(base::byte_view bytes, std::vector<base::secret_text>& out) {
    while (true) {
        while (prefix_have_ < prefix_len) {
            if (bytes.empty()) return {};
            prefix_[prefix_have_++] = bytes[0];
            bytes = bytes.subspan(1);
            if (prefix_have_ < prefix_len) continue;
            if (prefix_[0] != 0) return base::fail(base::errc::unsupported, "a message is compressed; none was agreed");
            body_len_ = std::size_t{prefix_[1]} << 24 | std::size_t{prefix_[2]} << 16 | std::size_t{prefix_[3]} << 8 | prefix_[4];
            if (body_len_ > max_len_)
                return base::fail(base::errc::too_large, "a message of {} bytes; {} are accepted", body_len_, max_len_);
            body_ = base::secret_text();
            // The length is only a claim until the bytes are here: reserve little before.
            body_.reserve(std::min<std::size_t>(body_len_, 16 * 1024));
        }
        auto const part = bytes.first(std::min(bytes.size(), body_len_ - body_.size()));
        body_.append(part);
        bytes = bytes.subspan(part.size());
        if (body_.size() < body_len_) return {};
        out.push_back(std::move(body_));
        prefix_have_ = 0;
    }
}

}  // namespace vsecm::grpc
