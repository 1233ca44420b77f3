// JSON from outside: bounded, iterative, parsed in place in wiping memory. No policy and no RapidJSON type here.
#pragma once

#include "base/result.hpp"
#include "base/secret_text.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace vsecm::codec {

struct json_limits {
    std::size_t max_bytes = 16U << 20;  // whole document
    std::size_t max_depth = 64;         // objects and arrays inside one another
    std::size_t max_nodes = 1U << 20;   // values and member names together
};

enum class json_kind : std::uint8_t { null, boolean, number, string, array, object };

struct json_node;  // internal

// A cursor into a json_document: cheap to copy, valid while the document lives (the document may be moved meanwhile).
class json_value {
public:
    json_kind kind() const noexcept;
    bool is(json_kind k) const noexcept { return kind() == k; }

    // Valid for kind string: the decoded text, NUL bytes included. Points into the document. Empty for other kinds.
    std::string_view as_string() const noexcept;
    bool as_bool() const noexcept;  // false for other kinds
    // Valid for kind number: the digits as written ("1e3"). Empty for other kinds.
    std::string_view number_text() const noexcept;
    // The number as a whole number; nothing if it is not one or does not fit.
    std::optional<std::int64_t> as_int() const noexcept;

    // Members of an object or elements of an array; 0 for other kinds.
    std::size_t size() const noexcept;

    // The last member of that name, nothing if absent or not an object. Linear in the number of members.
    std::optional<json_value> member(std::string_view name) const noexcept;
    // As Go's encoding/json finds a struct field: ASCII letters compare equal in both cases; the last one wins.
    std::optional<json_value> member_ignoring_case(std::string_view name) const noexcept;

    // for (auto element : array.elements()) … ; empty for other kinds.
    class element_range;
    element_range elements() const noexcept;
    // for (auto [name, value] : object.members()) … in document order, duplicates included; empty for other kinds.
    class member_range;
    member_range members() const noexcept;

private:
    friend class json_document;
    explicit json_value(json_node const* node) noexcept : node_(node) {}
    json_node const* node_;

public:
    class element_iterator {
    public:
        explicit element_iterator(json_node const* at) noexcept : at_(at) {}
        json_value operator*() const noexcept { return json_value(at_); }
        element_iterator& operator++() noexcept;
        bool operator==(element_iterator const&) const noexcept = default;

    private:
        json_node const* at_;
    };
    struct named_value;
    class member_iterator {
    public:
        explicit member_iterator(json_node const* at) noexcept : at_(at) {}
        named_value operator*() const noexcept;
        member_iterator& operator++() noexcept;
        bool operator==(member_iterator const&) const noexcept = default;

    private:
        json_node const* at_;
    };
};

struct json_value::named_value {
    std::string_view name;
    json_value value;
};

class json_value::element_range {
public:
    element_range(json_node const* first, json_node const* last) noexcept : first_(first), last_(last) {}
    element_iterator begin() const noexcept { return element_iterator(first_); }
    element_iterator end() const noexcept { return element_iterator(last_); }

private:
    json_node const* first_;
    json_node const* last_;
};

class json_value::member_range {
public:
    member_range(json_node const* first, json_node const* last) noexcept : first_(first), last_(last) {}
    member_iterator begin() const noexcept { return member_iterator(first_); }
    member_iterator end() const noexcept { return member_iterator(last_); }

private:
    json_node const* first_;
    json_node const* last_;
};

// One parsed document. Owns the text it was parsed from (decoded in place) and wipes it. Move-only, one thread at a time.
class json_document {
public:
    // RFC 8259, with Go's leniencies so that the same bodies are accepted: an escaped lone surrogate and each invalid
    // UTF-8 byte become U+FFFD, duplicate members are kept (look-ups see the last). Trailing bytes other than white
    // space are refused. errc::too_large beyond max_bytes; errc::invalid otherwise, with the byte offset and never a
    // piece of the text.
    static base::result<json_document> parse(base::secret_text&& body, json_limits const& limits = {});

    json_document(json_document&&) noexcept;
    json_document& operator=(json_document&&) noexcept;
    ~json_document();

    json_value root() const noexcept;

private:
    struct state;
    explicit json_document(std::unique_ptr<state> s) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace vsecm::codec
