#include "metrics/accept.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm::metrics;

TEST_CASE("the format is the one the Accept header wants most, and text in doubt") {
    struct row {
        std::string_view accept;
        bool openmetrics;
    };
    constexpr row rows[] = {
        {"", false},
        {"*/*", false},  // curl
        {"text/html,application/xhtml+xml,*/*;q=0.8", false},
        {"application/json", false},
        {"text/plain", false},
        {"text/plain;version=0.0.4", false},
        {"application/openmetrics-text", true},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", true},
        {"Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.1", true},
        {"application/openmetrics-text;version=0.0.1", false},
        {"application/openmetrics-text;version=2.0.0,text/plain;q=0.1", false},
        // Prometheus 2 and 3
        {"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
         "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
         "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true},
        {"text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4", false},
        {"text/plain;q=0.5,application/openmetrics-text;q=0.5", false},
        {"text/plain;q=0,application/openmetrics-text;q=0.001", true},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-text;q=0.000,*/*;q=0", false},
        // The more exact range decides.
        {"*/*;q=0.9,text/plain;q=0.1,application/openmetrics-text;q=0.5", true},
        {"*/*;q=0.1,text/*;q=0.9,application/openmetrics-text;q=0.5", false},
        {"*/*;q=0.9,application/openmetrics-text;q=0.5", false},
        {"application/*", false},  // named is named
        // What does not parse counts for nothing.
        {"application/openmetrics-text;q=2", false},
        {"application/openmetrics-text;q=0.5000", false},
        {"application/openmetrics-text;q=", false},
        {"application/openmetrics-text;q=1.001", false},
        {"application/openmetrics-text;q=-1,text/plain;q=0.1", false},
        {",,;;=,;q=,application/openmetrics-text;;,", true},
        {"application/openmetrics-textual", false},
    };
    for (auto const& r : rows) {
        CAPTURE(r.accept);
        CHECK((format_for(r.accept) == format::openmetrics) == r.openmetrics);
    }
}
