// HTTP messages as handlers and clients see them. Bodies live in wiping memory; nothing here knows a socket.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "net/tls_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vsecm::net {

// Field names and values in the order received, in one block of memory. Lookup ignores case.
class http_fields {
public:
    void add(std::string_view name, std::string_view value);
    // The first field of that name. Valid until the next add() or clear().
    std::optional<std::string_view> find(std::string_view name) const noexcept;
    // The value, or empty if absent.
    std::string_view operator[](std::string_view name) const noexcept { return find(name).value_or(std::string_view{}); }
    std::size_t size() const noexcept { return entries_.size(); }
    std::pair<std::string_view, std::string_view> at(std::size_t index) const noexcept;
    void clear() noexcept;
    void release() noexcept;  // clear, and give the memory back

private:
    struct entry {
        std::uint32_t offset, name_len, value_len;
    };
    std::string text_;
    std::vector<entry> entries_;
};

enum class http_verb { get, head, post, put, del, other };
http_verb verb_of(std::string_view method) noexcept;
std::string_view reason_of(unsigned status) noexcept;  // "Not Found"

struct http_request {
    http_verb verb = http_verb::get;
    std::string method;  // as sent
    std::string target;  // as sent: path, or path?query
    // Percent-decoded exactly once, without the query: "/a%3Fb?c=d" is path "/a?b", query "c=d". The server refuses
    // (400) targets that are not ASCII (RFC 9112 section 3.2), and those whose path is not absolute, holds NUL or a broken
    // escape, or has "//", "." or ".." segments.
    std::string path;
    std::string query;  // raw, without '?'
    http_fields fields;
    base::secret_text body;
    std::shared_ptr<tls_peer const> peer;  // who asks; never null behind mutual TLS with an attaching verify callback
    std::string remote;                    // "10.0.0.1:51234", for logs; filled on the connection's first request

    std::string_view header(std::string_view name) const noexcept { return fields[name]; }
};

// The value of `name` in a raw query, decoded ('+' is a space); nothing if absent. A name without '=' has the value "".
// The first one counts. errc::invalid for a broken escape in that value.
base::result<std::optional<std::string>> query_parameter(std::string_view query, std::string_view name);
// Percent-decoding of a path. errc::invalid: broken escape or NUL.
base::result<std::string> percent_decode(std::string_view text);
// Splits and checks a request target as http_request::path says.
base::status split_target(std::string_view target, std::string& path, std::string& query);

struct http_response {
    unsigned status = 200;
    std::string content_type;  // empty: no Content-Type
    std::vector<std::pair<std::string_view, std::string>> headers;  // names are literals
    base::secret_text body;
    bool close = false;  // end the connection after this answer
};

}  // namespace vsecm::net
