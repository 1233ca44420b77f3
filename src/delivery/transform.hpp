// From what the operator gave to what the workload receives: contract section 5, without its faults. It never fails: what cannot
// be done is left undone, and said.
#pragma once

#include "api/secret.hpp"
#include "base/secret_text.hpp"
#include "gotmpl/options.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::delivery {

struct recipe {
    std::string_view template_text;  // empty: none
    api::format format = api::format::json;
};

// What becomes a Kubernetes Secret has fields, so for it `yaml` and the like mean json.
recipe recipe_for(api::name_kind kind, std::string_view template_text, api::format format);

// Whether the values are delivered as they are, but for white space around them: no work worth speaking of.
constexpr bool is_plain(recipe const& how) noexcept { return how.template_text.empty() && how.format != api::format::yaml; }

struct rendering {
    base::secret_text text;                  // what the workload receives
    std::vector<std::string> notes;          // sentences, each once: what it is instead of what was asked. No values in them
    std::optional<base::error> bad_template; // it did not compile, or failed on the data: line, column and why
};

// Values as the operator gave them, newest first, each not empty; one result is a text, several are a JSON array of texts.
//   template  is run on a value that is a JSON object (or null, an object without members). If it cannot: the value itself
//             goes on. A pair whose field is missing is dropped from the result.
//   json      the result if it is a JSON object or null, verbatim; else the value
//   yaml      a JSON object as YAML; anything else as it is
//   raw       the result as it is
//   none      the same, and a value without a template byte for byte
// Where nothing would be left, it is the value. But for `none` and there, the value is without white space around it. The limits
// are those of the whole secret: several values share them evenly. Thread-safe; up to seconds long unless is_plain().
rendering transform(std::span<std::string_view const> values, recipe const& how, gotmpl::render_options const& options);

// The same for what is_plain(): nothing to note, and quick.
base::secret_text deliver_plain(std::span<std::string_view const> values, api::format format);

}  // namespace vsecm::delivery
