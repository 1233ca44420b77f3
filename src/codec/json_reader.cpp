#include "codec/json_reader.hpp"

#include "codec/utf8.hpp"

#include <rapidjson/reader.h>

#include <charconv>
#include <limits>
#include <vector>

namespace vsecm::codec {

// The document in reading order: a container is followed by its children, an object's as name, value, name, value. No
// pointers to children and no text of its own, so the vector needs no wiping: all text stays in the parsed buffer.
struct json_node {
    char const* text = nullptr;
    std::uint32_t len = 0;   // of text; of a container: members or elements
    std::uint32_t span = 1;  // nodes in this subtree, itself included
    json_kind kind = json_kind::null;
    bool truth = false;
};

namespace {

// RapidJSON's events to nodes. Returning false stops the parser at once.
class node_builder {
public:
    node_builder(std::vector<json_node>& nodes, json_limits const& limits) : nodes_(nodes), limits_(limits) {}

    char const* refusal() const noexcept { return refusal_; }

    bool Null() { return add({}); }
    bool Bool(bool b) { return add({.kind = json_kind::boolean, .truth = b}); }
    bool RawNumber(char const* text, rapidjson::SizeType len, bool) {
        return add({.text = text, .len = len, .kind = json_kind::number});
    }
    bool String(char const* text, rapidjson::SizeType len, bool) {
        return add({.text = text, .len = len, .kind = json_kind::string});
    }
    bool Key(char const* text, rapidjson::SizeType len, bool copy) { return String(text, len, copy); }
    bool StartObject() { return open(json_kind::object); }
    bool StartArray() { return open(json_kind::array); }
    bool EndObject(rapidjson::SizeType count) { return close(count); }
    bool EndArray(rapidjson::SizeType count) { return close(count); }

    // Numbers arrive as text (kParseNumbersAsStringsFlag); these exist because the reader's template names them.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

private:
    bool add(json_node node) {
        if (nodes_.size() >= limits_.max_nodes) {
            refusal_ = "too many values";
            return false;
        }
        nodes_.push_back(node);
        return true;
    }
    bool open(json_kind kind) {
        if (open_.size() >= limits_.max_depth) {
            refusal_ = "nested too deeply";
            return false;
        }
        open_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        return add({.kind = kind});
    }
    bool close(rapidjson::SizeType count) {
        auto const at = open_.back();
        open_.pop_back();
        nodes_[at].len = count;
        nodes_[at].span = static_cast<std::uint32_t>(nodes_.size() - at);
        return true;
    }

    std::vector<json_node>& nodes_;
    json_limits const& limits_;
    std::vector<std::uint32_t> open_;
    char const* refusal_ = nullptr;
};

// The four hex digits after "\u", or -1.
int hex4(std::string_view digits) {
    if (digits.size() < 4) return -1;
    int value = 0;
    auto const [end, bad] = std::from_chars(digits.data(), digits.data() + 4, value, 16);
    return bad == std::errc{} && end == digits.data() + 4 ? value : -1;
}

// RapidJSON refuses escaped lone surrogates, Go reads each as U+FFFD. Same length, so it is done in place.
void replace_lone_surrogates(base::secret_text& text) {
    auto const view = text.view();
    for (auto at = view.find('\\'); at != view.npos && at + 1 < view.size(); at = view.find('\\', at)) {
        if (view[at + 1] != 'u') {
            at += 2;
            continue;
        }
        int const code = hex4(view.substr(at + 2));
        if (code >= 0xD800 && code <= 0xDFFF) {
            auto const next = view.substr(at + 6);
            int const low = next.starts_with("\\u") ? hex4(next.substr(2)) : -1;
            if (code <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
                at += 12;
                continue;
            }
            std::string_view{"fffd"}.copy(text.data() + at + 2, 4);
        }
        at += 2;  // malformed digits are the parser's to refuse
    }
}

void replace_invalid_utf8(base::secret_text& text) {
    if (is_valid_utf8(text.view())) return;
    base::secret_text clean;
    clean.reserve(text.size() + text.size() / 8);
    for (auto rest = text.view(); !rest.empty();) {
        auto const r = decode_rune(rest);
        clean.append(r.valid ? rest.substr(0, r.len) : std::string_view{"\xEF\xBF\xBD"});
        rest.remove_prefix(r.len);
    }
    text = std::move(clean);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

}  // namespace

struct json_document::state {
    base::secret_text text;
    std::vector<json_node> nodes;
};

json_document::json_document(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
json_document::json_document(json_document&&) noexcept = default;
json_document& json_document::operator=(json_document&&) noexcept = default;
json_document::~json_document() = default;

base::result<json_document> json_document::parse(base::secret_text&& body, json_limits const& limits) {
    using base::errc;
    if (body.size() > limits.max_bytes || body.size() >= std::numeric_limits<std::uint32_t>::max() / 4)
        return base::fail(errc::too_large, "the JSON document has {} bytes, the limit is {}", body.size(), limits.max_bytes);

    auto s = std::make_unique<state>();
    s->text = std::move(body);
    replace_lone_surrogates(s->text);
    replace_invalid_utf8(s->text);
    auto const len = s->text.size();
    s->text.push_back('\0');  // the in-situ stream reads to a NUL

    // A value takes two bytes of text at least ("1,"), most take many: no reservation that hostile text could inflate.
    node_builder builder(s->nodes, limits);
    rapidjson::InsituStringStream stream(s->text.data());
    rapidjson::Reader reader;
    constexpr unsigned flags =
        rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    auto const outcome = reader.Parse<flags>(stream, builder);
    if (outcome.IsError()) {
        if (builder.refusal() != nullptr)
            return base::fail(errc::invalid, "the JSON document is refused: {} at byte {}", builder.refusal(), outcome.Offset());
        if (outcome.Code() == rapidjson::kParseErrorNumberTooBig)
            return base::fail(errc::invalid, "the JSON document is refused: a number beyond 1.8e308 at byte {}", outcome.Offset());
        return base::fail(errc::invalid, "not valid JSON at byte {}", outcome.Offset());
    }
    // A NUL byte looks like the end to the stream: what follows it would have been skipped.
    if (stream.Tell() != len) return base::fail(errc::invalid, "not valid JSON at byte {}", stream.Tell());
    return json_document(std::move(s));
}

json_value json_document::root() const noexcept { return json_value(state_->nodes.data()); }

json_kind json_value::kind() const noexcept { return node_->kind; }
bool json_value::as_bool() const noexcept { return node_->truth; }

std::string_view json_value::as_string() const noexcept {
    return node_->kind == json_kind::string ? std::string_view{node_->text, node_->len} : std::string_view{};
}

std::string_view json_value::number_text() const noexcept {
    return node_->kind == json_kind::number ? std::string_view{node_->text, node_->len} : std::string_view{};
}

std::optional<std::int64_t> json_value::as_int() const noexcept {
    auto const digits = number_text();
    std::int64_t value = 0;
    auto const [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || bad != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::size_t json_value::size() const noexcept {
    return node_->kind == json_kind::object || node_->kind == json_kind::array ? node_->len : 0;
}

std::optional<json_value> json_value::member(std::string_view name) const noexcept {
    std::optional<json_value> found;
    for (auto const [key, value] : members())
        if (key == name) found = value;
    return found;
}

std::optional<json_value> json_value::member_ignoring_case(std::string_view name) const noexcept {
    std::optional<json_value> found;
    for (auto const [key, value] : members())
        if (equal_ignoring_case(key, name)) found = value;
    return found;
}

json_value::element_range json_value::elements() const noexcept {
    if (node_->kind != json_kind::array) return {node_, node_};
    return {node_ + 1, node_ + node_->span};
}

json_value::member_range json_value::members() const noexcept {
    if (node_->kind != json_kind::object) return {node_, node_};
    return {node_ + 1, node_ + node_->span};
}

json_value::element_iterator& json_value::element_iterator::operator++() noexcept {
    at_ += at_->span;
    return *this;
}

json_value::named_value json_value::member_iterator::operator*() const noexcept {
    return {{at_->text, at_->len}, json_value(at_ + 1)};
}

json_value::member_iterator& json_value::member_iterator::operator++() noexcept {
    at_ += 1 + at_[1].span;
    return *this;
}

}  // namespace vsecm::codec
