// The text of a scrape, family by family. Sources: Prometheus exposition formats, "Text-based format"; OpenMetrics 1.0.0.
#pragma once

#include "base/clock.hpp"
#include "metrics/histogram.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace vsecm::metrics {

enum class format { text, openmetrics };  // Prometheus text 0.0.4, OpenMetrics 1.0.0
std::string_view content_type_of(format f) noexcept;

struct label {
    std::string_view name, value;
};
using labels = std::initializer_list<label>;

// counter(), gauge() and histogram() begin a family; add() writes one sample of the family begun last. Names are as people search
// for them, in both formats: a counter's ends in _total, one of seconds or bytes says so last. `help` is one line without
// backslashes or quotes. Label values may be anything. A family is begun once.
class page {
public:
    explicit page(format f) noexcept : format_(f) {}

    page& counter(std::string_view name, std::string_view help) { return begin(name, "counter", help); }
    page& gauge(std::string_view name, std::string_view help) { return begin(name, "gauge", help); }
    page& histogram(std::string_view name, std::string_view help) { return begin(name, "histogram", help); }

    page& add(std::uint64_t value, labels with = {});
    page& add(std::chrono::nanoseconds seconds, labels with = {});  // below zero reads as zero
    page& add(base::system_time when, labels with = {});            // as seconds since 1970
    page& add(histogram_counts const& counts, labels with = {});

    // The whole text, with its end.
    std::string finish() &&;

private:
    page& begin(std::string_view name, std::string_view type, std::string_view help);
    // NAME+ending{labels,le="…"}: everything before the value.
    void begin_sample(std::string_view ending, labels with, std::string_view le = {});
    void write_number(std::uint64_t value);
    void write_seconds(std::chrono::nanoseconds value);

    format format_;
    std::string name_;  // of the family, as in its samples
    std::string out_;
};

}  // namespace vsecm::metrics
