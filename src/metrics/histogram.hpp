// How long things took, in buckets that are the same for everything here: from a tenth of a millisecond to ten seconds.
#pragma once

#include "metrics/tally.hpp"

#include <array>
#include <chrono>
#include <string_view>

namespace vsecm::metrics {

struct latency_bound {
    std::chrono::nanoseconds at_most;
    std::string_view seconds;  // the same, as the label `le` says it in both formats
};

inline constexpr auto latency_bounds = [] {
    using std::chrono::microseconds, std::chrono::milliseconds, std::chrono::seconds;
    return std::to_array<latency_bound>({
        {microseconds(100), "0.0001"}, {microseconds(250), "0.00025"}, {microseconds(500), "0.0005"},
        {milliseconds(1), "0.001"},    {microseconds(2500), "0.0025"}, {milliseconds(5), "0.005"},
        {milliseconds(10), "0.01"},    {milliseconds(25), "0.025"},    {milliseconds(50), "0.05"},
        {milliseconds(100), "0.1"},    {milliseconds(250), "0.25"},    {milliseconds(500), "0.5"},
        {seconds(1), "1.0"},           {milliseconds(2500), "2.5"},    {seconds(5), "5.0"},
        {seconds(10), "10.0"},
    });
}();

// A moment of a histogram, or of several together.
struct histogram_counts {
    std::array<std::uint64_t, latency_bounds.size() + 1> in_bucket{};  // not cumulative; the last is what took longer than all bounds
    std::chrono::nanoseconds sum{0};

    std::uint64_t total() const noexcept {
        std::uint64_t all = 0;
        for (auto const n : in_bucket) all += n;
        return all;
    }
    histogram_counts& operator+=(histogram_counts const& other) noexcept {
        for (std::size_t i = 0; i < in_bucket.size(); ++i) in_bucket[i] += other.in_bucket[i];
        sum += other.sum;
        return *this;
    }
};

// One writer, any reader, as a tally.
class latency_histogram {
public:
    void observe(std::chrono::nanoseconds took) noexcept {
        std::size_t bucket = 0;
        for (auto const& bound : latency_bounds) bucket += took > bound.at_most ? 1 : 0;  // no branch to mispredict
        in_bucket_[bucket].add();
        nanoseconds_.add(static_cast<std::uint64_t>(took.count()));
    }
    histogram_counts read() const noexcept {
        histogram_counts counts;
        for (std::size_t i = 0; i < in_bucket_.size(); ++i) counts.in_bucket[i] = in_bucket_[i].value();
        counts.sum = std::chrono::nanoseconds(nanoseconds_.value());
        return counts;
    }

private:
    std::array<tally, latency_bounds.size() + 1> in_bucket_;
    tally nanoseconds_;
};

}  // namespace vsecm::metrics
