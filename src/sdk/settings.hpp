// What a client of the SDK was made with: the environment's names, and the program's own word above it.
#pragma once

#include "base/env.hpp"
#include "config/settings.hpp"

#include <span>
#include <string_view>

namespace vsecm::sdk {

// `given` are "NAME=VALUE" texts. errc::invalid: one is not of that form, has a name that the SDK does not read, or a value that
// does not parse; a variable of the original in the environment that does not parse keeps its default, as everywhere. Values are not
// repeated.
base::result<config::sdk_settings> load_settings(base::environment const& env, std::span<std::string_view const> given);

}  // namespace vsecm::sdk
