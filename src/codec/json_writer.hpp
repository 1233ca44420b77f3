// JSON written straight into wiping memory, escaped byte for byte as Go's encoding/json (1.22 and later) does.
#pragma once

#include "base/secret_text.hpp"

#include <cstdint>
#include <string_view>

namespace vsecm::codec {

// Commas are put where they belong; that begin and end match, and that members have names, is the caller's business.
//     json_writer w(out); w.begin_object(); w.member("name", n); w.key("tags"); w.begin_array(); … w.end_array(); w.end_object();
class json_writer {
public:
    explicit json_writer(base::secret_text& out) noexcept : out_(out) {}  // appends to `out`, which must outlive this

    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_array() { return open('['); }
    json_writer& end_array() { return close(']'); }

    json_writer& key(std::string_view name);
    json_writer& string(std::string_view text);  // < > & U+2028 U+2029 as \u003c …, invalid UTF-8 as \ufffd
    json_writer& boolean(bool b);
    json_writer& integer(std::int64_t n);
    json_writer& null();
    json_writer& raw(std::string_view json);  // already JSON

    json_writer& member(std::string_view name, std::string_view text) { return key(name).string(text); }
    json_writer& member(std::string_view name, char const* text) { return key(name).string(text); }
    json_writer& member(std::string_view name, bool b) { return key(name).boolean(b); }

private:
    json_writer& open(char c);
    json_writer& close(char c);
    void separate() {
        if (comma_) out_.push_back(',');
        comma_ = true;
    }
    base::secret_text& out_;
    bool comma_ = false;
};

// Appends `text` as a quoted JSON string.
void append_json_string(base::secret_text& out, std::string_view text);

}  // namespace vsecm::codec
