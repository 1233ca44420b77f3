// What is handed from the engine to the C functions.
#pragma once

#include "base/secret_text.hpp"
#include "client/safe_client.hpp"

#include <vsecm/vsecm.h>

#include <memory>
#include <string>

namespace vsecm::sdk {

struct content {
    base::secret_text data;  // and a zero byte
    long long created = 0, updated = 0;  // seconds since 1970
};

struct finding {
    int status = VSECM_INTERNAL;
    std::shared_ptr<content const> secret{};  // of VSECM_OK
    std::string message{};                    // of all else
};

finding finding_of(base::result<client::fetched>&& found);
finding finding_of(base::error const& why);

}  // namespace vsecm::sdk
