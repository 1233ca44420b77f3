#include "gotmpl/workspace.hpp"

#include "base/try.hpp"

namespace vsecm::gotmpl {

base::result<value> workspace::keep(text_sink&& text) {
    VSECM_TRY_OK(pay((text.toil() + toil_a_step - 1) / toil_a_step));
    if (text.overflowed())
        return base::fail(base::errc::too_large, "the texts made on the way have more than {} bytes", limits_.max_texts);
    texts_left_ -= text.view().size();
    return texts_.emplace_back(std::move(text).take()).view();
}

base::status workspace::pay(std::uint64_t steps) {
    if (steps > steps_left_) return base::fail(base::errc::too_large, "the template takes more than {} steps", limits_.max_steps);
    steps_left_ -= steps;
    return {};
}

}  // namespace vsecm::gotmpl
