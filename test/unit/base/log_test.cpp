#include "base/log.hpp"

#include "base/secret_text.hpp"
#include "base/secure_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

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

TEST_CASE("a value cannot forge a log line") {
    auto const text = captured(log::format::text, "a\nlevel=error event=\"fake\"");
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.contains("name=\"a\\u000alevel=error event=\\\"fake\\\"\""));
    auto const json = captured(log::format::json, "q\"\\");
    CHECK(json.contains("\"name\":\"q\\\"\\\\\""));
    CHECK(json.ends_with("}\n"));
}
