#include "metrics/exposition.hpp"

#include "base/file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

using namespace vsecm;
using namespace vsecm::metrics;

namespace {

double value_of(std::string const& text, std::string const& sample) {
    auto const at = text.find("\n" + sample + " ");
    REQUIRE(at != std::string::npos);
    return std::strtod(text.c_str() + at + sample.size() + 2, nullptr);
}

}  // namespace

TEST_CASE("what every process tells") {
    bool ready = false;
    exposition own("keystone", [&] { return ready; });
    own.add([](page& out) { out.gauge("vsecm_more", "M.").add(1); });
    auto const plain = own.to("");
    CHECK(plain.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(plain.body.contains("\nvsecm_build_info{version=\"" VSECM_VERSION "\",role=\"keystone\"} 1\n"));
    CHECK(plain.body.contains("\nvsecm_ready 0\n"));
    CHECK(plain.body.ends_with("\nvsecm_more 1\n"));
    ready = true;
    auto const open = own.to("application/openmetrics-text");
    CHECK(open.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
    CHECK(open.body.contains("\nvsecm_ready 1\n"));
    CHECK(open.body.ends_with("\nvsecm_more 1\n# EOF\n"));
}

TEST_CASE("process metrics are this process's") {
    exposition const own("test", [] { return true; });
    auto const before = own.to("").body;
    auto const now = std::chrono::duration<double>(base::system_clock().now().time_since_epoch()).count();
    auto const started = value_of(before, "process_start_time_seconds");
    CHECK(started < now + 0.1);
    CHECK(started > now - 600);  // how long a test may take
    CHECK(value_of(before, "process_resident_memory_bytes") > 100'000);
    CHECK(value_of(before, "process_virtual_memory_bytes") >= value_of(before, "process_resident_memory_bytes"));
    CHECK(value_of(before, "process_max_fds") >= value_of(before, "process_open_fds"));
    CHECK(value_of(before, "process_cpu_seconds_total") > 0);

    auto const a = base::unique_fd(::dup(0)), b = base::unique_fd(::dup(0));
    auto const after = own.to("").body;
    CHECK(value_of(after, "process_open_fds") == value_of(before, "process_open_fds") + 2);
    CHECK(value_of(after, "process_start_time_seconds") == started);
    // Seen from the outside of this room: another object agrees, however late it is made.
    CHECK(std::abs(value_of(exposition("test", [] { return true; }).to("").body, "process_start_time_seconds") - started) < 0.1);
}
