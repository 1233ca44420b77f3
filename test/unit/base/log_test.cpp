#include "base/log.hpp"

#include "base/secret_text.hpp"
#include "base/secure_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ranges>

using namespace vsecm::base;

static_assert(!std::is_constructible_v<log::field, std::string_view, secret_text const&>);
static_assert(!std::is_constructible_v<log::field, std::string_view, secure_buffer const&>);

namespace {

// What `write` puts on standard error.
std::string captured(log::format shape, std::string_view value) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    int const saved = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    log::configure(log::level::info, shape, "safe");
    log::write(log::level::info, "test", {{"name", value}});
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    ::close(ends[1]);
    char buffer[1024];
    auto const n = ::read(ends[0], buffer, sizeof buffer);
    ::close(ends[0]);
    return {buffer, static_cast<std::size_t>(n)};
}

}  // namespace

TEST_CASE("a reader of the log that stopped stops nobody, and learns how much it missed") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    int const saved = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    log::configure(log::level::info, log::format::text, "safe");
    auto const begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 2000; ++i) log::info("flood", {{"words", std::string(200, 'x')}});  // six times what a pipe holds
    auto const took = std::chrono::steady_clock::now() - begun;
    std::string text;
    char buffer[64 * 1024];
    text.append(buffer, static_cast<std::size_t>(::read(ends[0], buffer, sizeof buffer)));
    log::info("afterwards");
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    ::close(ends[1]);
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    CHECK(took < std::chrono::seconds(5));
    // Every line is whole or not there at all.
    std::size_t written = 0, lost = 0;
    for (auto const part : std::views::split(text, '\n')) {
        std::string_view const line(part);
        if (line.empty()) continue;
        CHECK(line.starts_with("time="));
        if (line.contains("event=flood") && line.ends_with('x')) ++written;
        if (auto const at = line.find("number="); line.contains("event=log_lines_lost")) lost = std::stoul(std::string(line.substr(at + 7)));
    }
    CHECK(written > 100);
    CHECK(written + lost == 2000);
    CHECK(text.contains("event=afterwards"));
}

TEST_CASE("a value cannot forge a log line") {
    auto const text = captured(log::format::text, "a\nlevel=error event=\"fake\"");
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.contains("name=\"a\\u000alevel=error event=\\\"fake\\\"\""));
    auto const json = captured(log::format::json, "q\"\\");
    CHECK(json.contains("\"name\":\"q\\\"\\\\\""));
    CHECK(json.ends_with("}\n"));
}
