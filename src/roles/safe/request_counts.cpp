#include "roles/safe/request_counts.hpp"

#include <algorithm>
#include <array>

namespace vsecm::roles::safe {
namespace {

constexpr auto num_routes = static_cast<std::size_t>(api::route::unknown) + 1;

// What api::http_status_of and the handlers answer; the last stands for any other.
struct status_word {
    unsigned status;
    std::string_view word;
};
constexpr auto statuses = std::to_array<status_word>({{200, "200"}, {304, "304"}, {400, "400"}, {403, "403"}, {404, "404"}, {405, "405"}, {409, "409"},
                                                      {413, "413"}, {429, "429"}, {499, "499"}, {500, "500"}, {503, "503"}, {507, "507"}, {0, "other"}});

std::size_t place_of(unsigned status) noexcept {
    auto const at = std::ranges::find(statuses, status, &status_word::status) - statuses.begin();
    return std::min(static_cast<std::size_t>(at), statuses.size() - 1);
}

using by_status = std::array<metrics::tally, statuses.size()>;

}  // namespace

// Of one loop, in cache lines that no other writes.
struct alignas(64) request_counts::cells {
    std::array<by_status, num_routes> all, held;
    std::array<metrics::latency_histogram, num_routes> took;
};

request_counts::request_counts(std::size_t num_loops) : num_loops_(num_loops), loops_(std::make_unique<cells[]>(num_loops)) {}
request_counts::~request_counts() = default;

void request_counts::count(std::size_t loop, request const& one) noexcept {
    auto& mine = loops_[loop];
    auto const route = static_cast<std::size_t>(one.route);
    auto const status = place_of(one.status);
    mine.all[route][status].add();
    if (one.took)
        mine.took[route].observe(*one.took);
    else
        mine.held[route][status].add();
}

void request_counts::write(metrics::page& out) const {
    auto const each_status = [&](auto table) {
        for (std::size_t route = 0; route < num_routes; ++route) {
            for (std::size_t status = 0; status < statuses.size(); ++status) {
                std::uint64_t sum = 0;
                for (std::size_t loop = 0; loop < num_loops_; ++loop) sum += (loops_[loop].*table)[route][status].value();
                if (sum != 0) out.add(sum, {{"route", api::name_of(static_cast<api::route>(route))}, {"code", statuses[status].word}});
            }
        }
    };
    out.counter("vsecm_http_requests_total", "Requests answered, by route and status.");
    each_status(&cells::all);
    out.counter("vsecm_http_held_requests_total", "Of these, the ones that were held open until a secret changed or their wait ended.");
    each_status(&cells::held);
    out.histogram("vsecm_http_request_duration_seconds", "From a whole request to its answer, held ones left out.");
    for (std::size_t route = 0; route < num_routes; ++route) {
        metrics::histogram_counts sum;
        for (std::size_t loop = 0; loop < num_loops_; ++loop) sum += loops_[loop].took[route].read();
        if (sum.total() != 0) out.add(sum, {{"route", api::name_of(static_cast<api::route>(route))}});
    }
}

}  // namespace vsecm::roles::safe
