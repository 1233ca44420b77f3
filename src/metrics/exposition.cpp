#include "metrics/exposition.hpp"

#include "metrics/accept.hpp"

namespace vsecm::metrics {

answer exposition::to(std::string_view accept) const {
    auto const chosen = format_for(accept);
    page out(chosen);
    out.gauge("vsecm_build_info", "1, with what is running in its labels.").add(1, {{"version", VSECM_VERSION}, {"role", role_}});
    out.gauge("vsecm_ready", "1 while this process does what it is for.").add(ready_() ? 1 : 0);
    process_.write(out);
    for (auto const& collect : collectors_) collect(out);
    return {content_type_of(chosen), std::move(out).finish()};
}

}  // namespace vsecm::metrics
