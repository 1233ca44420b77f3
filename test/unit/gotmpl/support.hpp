// What the tests of gotmpl share: a template, JSON, and what comes out.
#pragma once

#include "gotmpl/render.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace vsecm::gotmpl::test {

// The result, or "error: " and the message.
inline std::string render_with(std::string_view text, std::string_view json, render_options const& options = {}) {
    auto const document = codec::json_document::parse(base::secret_text(json), {.max_depth = 100'000});
    REQUIRE(document.has_value());
    auto const made = render(text, document->root(), options);
    return made ? std::string(made->view()) : "error: " + made.error().what;
}

}  // namespace vsecm::gotmpl::test
