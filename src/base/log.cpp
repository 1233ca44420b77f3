#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"

#include <unistd.h>

#include <atomic>
#include <format>

namespace vsecm::base::log {
namespace {

level threshold = level::info;
format shape_ = format::text;
std::string role_;

constexpr std::chrono::milliseconds patience{100};
std::atomic<std::uint64_t> num_lost{0};  // since the reader stopped

std::string_view word(level l) {
    switch (l) {
        case level::fatal: return "fatal";
        case level::error: return "error";
        case level::warn: return "warn";
        case level::info: return "info";
        case level::audit: return "audit";
        case level::debug: return "debug";
        case level::trace: return "trace";
    }
    return "info";
}

void escape(std::string& out, std::string_view text) {
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += std::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            out += c;
        }
    }
}

bool plain(std::string_view text) {
    if (text.empty()) return false;
    for (char const c : text)
        if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;
    return true;
}

void append(std::string& line, std::string_view key, std::string_view value) {
    if (shape_ == format::json) {
        line += line.empty() ? "{\"" : ",\"";
        line += key;
        line += "\":\"";
        escape(line, value);
        line += '"';
        return;
    }
    if (!line.empty()) line += ' ';
    line += key;
    line += '=';
    if (plain(value)) {
        line += value;
    } else {
        line += '"';
        escape(line, value);
        line += '"';
    }
}

std::string line_of(level l, std::string_view event, std::initializer_list<field> facts) {
    std::string line;
    append(line, "time", format_rfc3339(system_clock().now()));
    append(line, "level", word(l));
    if (!role_.empty()) append(line, "role", role_);
    append(line, "event", event);
    for (auto const& fact : facts) append(line, fact.key, fact.value);
    if (shape_ == format::json) line += '}';
    line += '\n';
    return line;
}

}  // namespace

void configure(level most_verbose, format shape, std::string_view role) {
    threshold = most_verbose;
    shape_ = shape;
    role_ = role;
}

bool enabled(level l) noexcept { return l <= threshold; }

void write(level l, std::string_view event, std::initializer_list<field> facts) {
    if (!enabled(l)) return;
    if (!ready_to_write(STDERR_FILENO, num_lost == 0 ? patience : std::chrono::milliseconds{0})) {
        ++num_lost;
        return;
    }
    auto line = line_of(l, event, facts);
    if (auto const lost = num_lost.exchange(0); lost > 0) line = line_of(level::warn, "log_lines_lost", {{"number", lost}}) + line;
    [[maybe_unused]] auto const ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace vsecm::base::log
