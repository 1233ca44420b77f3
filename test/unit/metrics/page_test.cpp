#include "metrics/page.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::metrics;
using namespace std::chrono_literals;

namespace {

std::string written(format f, void (*fill)(page&)) {
    page p(f);
    fill(p);
    return std::move(p).finish();
}

}  // namespace

TEST_CASE("one page in both formats") {
    auto const fill = [](page& p) {
        p.counter("vsecm_things_total", "Things done.").add(3, {{"route", "fetch"}, {"code", "200"}}).add(0, {{"route", "list"}, {"code", "403"}});
        p.gauge("vsecm_age_seconds", "How old.").add(1500ms);
        p.counter("vsecm_cpu_seconds_total", "Time spent.").add(2s);
        p.gauge("vsecm_empty", "A family without samples.");
    };
    CHECK(written(format::text, fill) == R"(# HELP vsecm_things_total Things done.
# TYPE vsecm_things_total counter
vsecm_things_total{route="fetch",code="200"} 3
vsecm_things_total{route="list",code="403"} 0
# HELP vsecm_age_seconds How old.
# TYPE vsecm_age_seconds gauge
vsecm_age_seconds 1.5
# HELP vsecm_cpu_seconds_total Time spent.
# TYPE vsecm_cpu_seconds_total counter
vsecm_cpu_seconds_total 2
# HELP vsecm_empty A family without samples.
# TYPE vsecm_empty gauge
)");
    CHECK(written(format::openmetrics, fill) == R"(# HELP vsecm_things Things done.
# TYPE vsecm_things counter
vsecm_things_total{route="fetch",code="200"} 3
vsecm_things_total{route="list",code="403"} 0
# HELP vsecm_age_seconds How old.
# TYPE vsecm_age_seconds gauge
# UNIT vsecm_age_seconds seconds
vsecm_age_seconds 1.5
# HELP vsecm_cpu_seconds Time spent.
# TYPE vsecm_cpu_seconds counter
# UNIT vsecm_cpu_seconds seconds
vsecm_cpu_seconds_total 2
# HELP vsecm_empty A family without samples.
# TYPE vsecm_empty gauge
# EOF
)");
}

TEST_CASE("numbers are exact") {
    auto const fill = [](page& p) {
        p.gauge("n", "N.").add(std::uint64_t{18446744073709551615u}).add(0);
        p.add(0ns).add(1ns).add(100ns).add(999999999ns).add(1s + 10ms).add(-5s).add(base::system_time(1704207865s + 250ms)).add(base::never());
    };
    CHECK(written(format::text, fill) == R"(# HELP n N.
# TYPE n gauge
n 18446744073709551615
n 0
n 0
n 0.000000001
n 0.0000001
n 0.999999999
n 1.01
n 0
n 1704207865.25
n 9223372036.854775807
)");
}

TEST_CASE("label values are escaped") {
    auto const fill = [](page& p) { p.gauge("n", "N.").add(1, {{"v", "a\\b\"c\nd\te{}=,"}}).add(1, {{"v", ""}}); };
    CHECK(written(format::text, fill).ends_with("n{v=\"a\\\\b\\\"c\\nd\te{}=,\"} 1\nn{v=\"\"} 1\n"));
}

TEST_CASE("buckets are cumulative") {
    auto const fill = [](page& p) {
        latency_histogram h;
        h.observe(50us);
        h.observe(60us);
        h.observe(200us);
        h.observe(20s);
        p.histogram("took_seconds", "How long.").add(h.read(), {{"route", "fetch"}});
    };
    auto const text = written(format::text, fill);
    CHECK(text.starts_with("# HELP took_seconds How long.\n# TYPE took_seconds histogram\ntook_seconds_bucket{route=\"fetch\",le=\"0.0001\"} 2\n"
                           "took_seconds_bucket{route=\"fetch\",le=\"0.00025\"} 3\n"));
    CHECK(text.ends_with("took_seconds_bucket{route=\"fetch\",le=\"10.0\"} 3\ntook_seconds_bucket{route=\"fetch\",le=\"+Inf\"} 4\n"
                         "took_seconds_sum{route=\"fetch\"} 20.00031\ntook_seconds_count{route=\"fetch\"} 4\n"));
}
