// Logs: an event, then facts. To standard error, one line each, as text or JSON. Secret types cannot be passed.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vsecm::base::log {

// The original's levels (VSECM_LOG_LEVEL 1..7). `audit` lines go to the audit stream, not here.
enum class level { fatal = 1, error = 2, warn = 3, info = 4, audit = 5, debug = 6, trace = 7 };
enum class format { text, json };

// Process-wide, set once at start, before any other thread exists.
void configure(level most_verbose, format shape, std::string_view role);
bool enabled(level l) noexcept;

// One fact of a line. Only text and whole numbers: there is no overload for secret types, so they do not compile.
struct field {
    std::string_view key;
    std::string value;
    field(std::string_view k, std::string_view v) : key(k), value(v) {}
    field(std::string_view k, char const* v) : key(k), value(v) {}
    field(std::string_view k, std::string const& v) : key(k), value(v) {}
    template <std::integral T>
    field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
};

// Writes one line in one write(2); control characters and quotes are escaped, so a value cannot forge a line.
// A reader of standard error that has stopped reading must not stop the program: a line waits 100 ms for it, the ones after
// that not at all, and what was not written is told in number (log_lines_lost) when it reads again. Thread-safe.
void write(level l, std::string_view event, std::initializer_list<field> facts = {});

inline void error(std::string_view event, std::initializer_list<field> facts = {}) { write(level::error, event, facts); }
inline void warn(std::string_view event, std::initializer_list<field> facts = {}) { write(level::warn, event, facts); }
inline void info(std::string_view event, std::initializer_list<field> facts = {}) { write(level::info, event, facts); }
inline void debug(std::string_view event, std::initializer_list<field> facts = {}) { write(level::debug, event, facts); }

}  // namespace vsecm::base::log
