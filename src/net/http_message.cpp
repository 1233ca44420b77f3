#include "net/http_message.hpp"

#include "base/try.hpp"

#include <algorithm>

namespace vsecm::net {
namespace {

using base::errc;
using base::fail;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum class plus { is_plus, is_space };

base::status decode_into(std::string_view text, plus meaning, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            int const high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            int const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return fail(errc::invalid, "a percent escape is broken");
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else if (text[i] == '+' && meaning == plus::is_space) {
            out.push_back(' ');
        } else {
            out.push_back(text[i]);
        }
    }
    return {};
}

}  // namespace

void http_fields::add(std::string_view name, std::string_view value) {
    entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
        static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
}

std::pair<std::string_view, std::string_view> http_fields::at(std::size_t index) const noexcept {
    auto const& e = entries_[index];
    auto const text = std::string_view(text_);
    return {text.substr(e.offset, e.name_len), text.substr(e.offset + e.name_len, e.value_len)};
}

std::optional<std::string_view> http_fields::find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (auto const [field_name, value] = at(i); same_name(field_name, name)) return value;
    }
    return {};
}

void http_fields::clear() noexcept {
    text_.clear();
    entries_.clear();
}

void http_fields::release() noexcept {
    text_ = {};
    entries_ = {};
}

http_verb verb_of(std::string_view method) noexcept {
    if (method == "GET") return http_verb::get;
    if (method == "POST") return http_verb::post;
    if (method == "DELETE") return http_verb::del;
    if (method == "PUT") return http_verb::put;
    if (method == "HEAD") return http_verb::head;
    return http_verb::other;
}

std::string_view reason_of(unsigned status) noexcept {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 417: return "Expectation Failed";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Status";
    }
}

base::result<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    VSECM_TRY_OK(decode_into(text, plus::is_plus, decoded));
    if (decoded.contains('\0')) return fail(errc::invalid, "a NUL is not allowed");
    return decoded;
}

base::result<std::optional<std::string>> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        auto const equals = pair.find('=');
        std::string decoded;
        if (!decode_into(pair.substr(0, equals), plus::is_space, decoded) || decoded != name) continue;
        VSECM_TRY_OK(decode_into(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), plus::is_space, decoded));
        return std::optional<std::string>(std::move(decoded));
    }
    return std::optional<std::string>{};
}

base::status split_target(std::string_view target, std::string& path, std::string& query) {
    if (std::ranges::any_of(target, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
        return fail(errc::invalid, "the request target is not ASCII");
    auto const mark = target.find('?');
    query.assign(mark == target.npos ? std::string_view{} : target.substr(mark + 1));
    auto const raw_path = target.substr(0, mark);
    if (!raw_path.starts_with('/')) return fail(errc::invalid, "the request target is not an absolute path");
    if (raw_path.contains('%')) {
        VSECM_TRY_OK(decode_into(raw_path, plus::is_plus, path));
        if (path.contains('\0')) return fail(errc::invalid, "the path holds a NUL");
    } else {
        path.assign(raw_path);
    }
    // Looked at after decoding: %2e%2e is as bad as "..".
    for (std::size_t at = 1; at <= path.size();) {
        auto const segment = std::string_view(path).substr(at, path.find('/', at) - at);
        bool const last = at + segment.size() == path.size();
        if (segment == "." || segment == ".." || (segment.empty() && !last)) {
            return fail(errc::invalid, "the path has an empty, `.` or `..` segment");
        }
        at += segment.size() + 1;
    }
    return {};
}

}  // namespace vsecm::net
