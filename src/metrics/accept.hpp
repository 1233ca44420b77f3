// Which format a scrape asks for. Source: RFC 9110, 12.5.1; Prometheus, "Content negotiation".
#pragma once

#include "metrics/page.hpp"

#include <string_view>

namespace vsecm::metrics {

// OpenMetrics only if the header names it, in version 1.0.0 or in none, and wants it more than text; else text, which every
// scraper reads: for no header, for one that does not parse, and for one that wants neither.
format format_for(std::string_view accept) noexcept;

}  // namespace vsecm::metrics
