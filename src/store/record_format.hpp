// What is inside a record once it is decrypted: the original's JSON with a few members more (docs/record-format.md).
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "store/stored_secret.hpp"

#include <optional>
#include <span>
#include <vector>

namespace vsecm::store {

struct plain_record {
    std::string name;
    std::string correlation_id;
    std::uint64_t version = 0;  // 0: written by a program that does not count
    secret_state state = secret_state::present;  // present, deleted or vacant
    base::system_time created{}, updated{}, not_before{};
    base::system_time expires = base::never();
    secret_meta meta;
    std::vector<base::secret_text> values;  // newest first; empty unless present
    base::secret_text delivered;            // empty if it is just the values
};

base::secret_text encode_record(plain_record const& record);
// Ours, and those of every version of the original. errc::corrupt if it is not a record; nothing of it is quoted.
base::result<plain_record> decode_record(base::secret_text&& json);

// How several values are one text (contract 15.1): one as it is, more as a JSON array of strings.
base::secret_text join_values(std::span<std::string_view const> values);

}  // namespace vsecm::store
