// From a secret to the files of a volume: what they are called and what is in them. Touches no volume.
#pragma once

#include "base/secret_text.hpp"
#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vsecm::volume {

struct named_file {
    std::string name;
    base::secret_text bytes;
};

// 1 to 253 letters, digits and `-._`, the first no dot: nothing that means another folder, or that a listing hides.
// errc::invalid with what is wrong, without the name.
base::status check_file_name(std::string_view name);

// The bytes of the one file of the layouts `file` and `dotenv`: the secret, what its template makes of it, or its variables.
// errc::invalid: this secret cannot be laid out so, or the template does not go with it. Warns of what only shells read.
base::result<base::secret_text> content_of(base::secret_text&& value, config::volume_settings const& how);

// The files of the layout `keys`, by name: one a member of a JSON object, one a template. errc::invalid as above, and for names
// that are none, or that differ in nothing but case, which are one file on some volumes.
base::result<std::vector<named_file>> files_of(base::secret_text&& value, config::volume_settings const& how);

}  // namespace vsecm::volume
