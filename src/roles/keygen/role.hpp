// vsecm keygen: makes a root key; decrypts exports and store files offline.
#pragma once

#include "roles.hpp"

namespace vsecm {

// Without arguments (and without VSECM_KEYGEN_DECRYPT) prints a new root key.
int run_keygen(arguments args);
extern manual const keygen_manual;

}  // namespace vsecm
