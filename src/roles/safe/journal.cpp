#include "roles/safe/journal.hpp"

#include "codec/utf8.hpp"
#include "crypto/random.hpp"

#include <array>
#include <charconv>

namespace vsecm::roles::safe {
namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

// What a caller can make long is written so far; no method is longer, and a target only where somebody means harm.
constexpr std::size_t most_of_target = 512;
constexpr std::size_t most_of_method = 32;

// What is no ASCII, from its first byte on; bytes that are no UTF-8 become U+FFFD. The rest of `text` is returned.
std::string_view append_rune(std::string& line, std::string_view text) {
    auto const next = codec::decode_rune(text);
    line += next.valid ? text.substr(0, next.len) : std::string_view("\xef\xbf\xbd");
    return text.substr(next.len);
}

void escape(std::string& line, std::string_view text) {
    constexpr char hex[] = "0123456789abcdef";
    while (!text.empty()) {
        char const c = text.front();
        auto const byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) {
            text = append_rune(line, text);
            continue;
        }
        text.remove_prefix(1);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            line += "\\u00";
            line += hex[byte >> 4];
            line += hex[byte & 15];
        } else {
            line += c;
        }
    }
}

void text_field(std::string& line, std::string_view name, std::string_view value) {
    line += ",\"";
    line += name;
    line += "\":\"";
    escape(line, value);
    line += '"';
}

void number_field(std::string& line, std::string_view name, std::size_t value) {
    std::array<char, 20> digits;
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    line += ",\"";
    line += name;
    line += "\":";
    line.append(digits.data(), end);
}

// The date part changes once a second; formatting it anew for each request would be a fifth of the entry's cost.
void append_time(std::string& line, base::system_time now) {
    thread_local std::int64_t second = -1;
    thread_local std::string text;
    auto const whole = std::chrono::floor<std::chrono::seconds>(now);
    if (auto const count = whole.time_since_epoch().count(); count != second) {
        second = count;
        text = base::format_rfc3339(whole);
        text.pop_back();  // the Z comes after the fraction
    }
    line += text;
    auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now - whole).count();
    std::array<char, 6> digits;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, micros /= 10) *digit = static_cast<char>('0' + micros % 10);
    line += '.';
    line.append(digits.data(), digits.size());
    line += 'Z';
}

}  // namespace

std::string new_correlation_id() {
    // Random bytes are drawn in blocks: the kernel or the generator is asked once for thirty-two requests.
    thread_local std::array<std::uint8_t, 256> pool;
    thread_local std::size_t used = pool.size();
    std::string id;
    while (id.size() < 8) {
        if (used == pool.size()) {
            crypto::random_fill(pool);
            used = 0;
        }
        auto const index = pool[used++] & 63U;
        if (index < letters.size()) id += letters[index];  // 62 and 63 are drawn again, so no letter is likelier
    }
    return id;
}

void journal::record(journal_entry const& entry) noexcept {
    thread_local std::string line;
    line.clear();
    line += "{\"time\":\"";
    append_time(line, clock_.now());
    line += '"';
    text_field(line, "cid", entry.correlation_id);
    text_field(line, "event", entry.event);
    text_field(line, "outcome", entry.outcome);
    text_field(line, "caller", entry.caller);
    text_field(line, "kind", entry.caller_kind);
    text_field(line, "method", entry.method.substr(0, most_of_method));
    text_field(line, "target", entry.target.substr(0, most_of_target));
    if (entry.target.size() > most_of_target) number_field(line, "target_len", entry.target.size());
    number_field(line, "status", entry.status);
    line += ",\"names\":[";
    for (bool first = true; auto const& name : entry.names) {
        line += first ? "\"" : ",\"";
        first = false;
        escape(line, name);
        line += '"';
    }
    line += ']';
    if (!entry.reason.empty()) text_field(line, "reason", entry.reason);
    line += "}\n";
    stream_.write(line, entry.rank);
}

}  // namespace vsecm::roles::safe
