// The variables of an environment that decide what a program is rather than what it knows.
#pragma once

#include <string_view>

namespace vsecm::delivery {

// Whether a shell, the loader, the C library, the runtime of a language, or a library or tool that many programs use, loads or runs
// what `name` says. There is no end to such names: these are the ones that need nothing of the program but that it starts, or uses
// OpenSSL, git, or another of the usual.
bool decides_what_runs(std::string_view name) noexcept;

}  // namespace vsecm::delivery
