// What a gRPC call is made of, for client and server alike: status codes, metadata, and the texts of the protocol.
// Source: grpc PROTOCOL-HTTP2.md.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::grpc {

enum class code : std::uint8_t {
    ok = 0,
    cancelled = 1,
    unknown = 2,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    already_exists = 6,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    aborted = 10,
    out_of_range = 11,
    unimplemented = 12,
    internal = 13,
    unavailable = 14,
    data_loss = 15,
    unauthenticated = 16,
};

// "PERMISSION_DENIED"
std::string_view name_of(code c) noexcept;

// How a call ended. `message` came from the peer: it is for people, and is escaped where it is logged.
struct call_status {
    code status = code::ok;
    std::string message;
    bool ok() const noexcept { return status == code::ok; }
};

// As this program's error: not found -> not_found, PERMISSION_DENIED -> denied, UNAVAILABLE -> unavailable, and so on.
base::error to_error(call_status const& status);

// One request or response header beyond the protocol's own. Names are lower case.
struct metadata_entry {
    std::string name;
    std::string value;
};
using metadata = std::vector<metadata_entry>;

// Limits both sides keep. Sizes in bytes.
struct limits {
    std::size_t max_message_len = 4 * 1024 * 1024;  // larger: RESOURCE_EXHAUSTED
    std::size_t max_header_list_len = 16 * 1024;    // larger: the stream is reset
    std::uint32_t window_len = 1024 * 1024;         // flow control window of a stream and of the connection
    // A client with calls that has heard nothing for so long asks (PING), and gives the answer so much time; then the
    // connection is lost. gRPC servers take more than one PING in five minutes for abuse, and hang up.
    std::chrono::milliseconds ping_after{330'000};
    std::chrono::milliseconds ping_patience{20'000};
};

// grpc-message: '%', a space at either end, and everything but printable ASCII become %XX. Decoding never fails: a broken escape stays as it is.
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);

// grpc-timeout: 1 to 8 digits and a unit of H M S m u n. errc::invalid otherwise. Saturates instead of overflowing.
base::result<std::chrono::nanoseconds> parse_timeout(std::string_view text);
std::string format_timeout(std::chrono::nanoseconds timeout);

// The five bytes before a message: compressed flag (always 0 here) and length, big-endian.
inline constexpr std::size_t prefix_len = 5;
void append_prefix(base::secret_text& out, std::size_t message_len);

// Cuts a byte stream back into messages, wherever the frames were split. Messages are wiped when released: they carry
// private keys.
class message_assembler {
public:
    explicit message_assembler(std::size_t max_message_len) noexcept : max_len_(max_message_len) {}

    // Takes what arrived and appends each message completed by it to `out`. A failure (too long: too_large;
    // compressed: unsupported) is final for the stream.
    base::status feed(base::byte_view bytes, std::vector<base::secret_text>& out);
    // True between messages: where a stream may end.
    bool at_boundary() const noexcept { return prefix_have_ == 0; }

private:
    std::size_t max_len_;
    std::uint8_t prefix_[prefix_len] = {};
    std::size_t prefix_have_ = 0;
    std::size_t body_len_ = 0;
    base::secret_text body_;
};

}  // namespace vsecm::grpc
