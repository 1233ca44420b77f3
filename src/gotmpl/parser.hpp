// From a template's text to what it does. Go's text/template/parse is the model: what it refuses is refused, in its words.
#pragma once

#include "base/result.hpp"
#include "gotmpl/tree.hpp"

namespace vsecm::gotmpl {

// errc::invalid for what is no template: "template: NAME:LINE:COLUMN: message". errc::too_large when parentheses or blocks
// stand more than `max_nesting` deep in one another, or for more than 1,000 variables at once. `text` must outlive what is
// returned, and has less than 4 GiB.
base::result<template_set> parse(std::string_view text, std::string_view name, std::size_t max_nesting);

}  // namespace vsecm::gotmpl
