#include "delivery/transform.hpp"

#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"
#include "delivery/missing_pairs.hpp"
#include "delivery/space.hpp"
#include "delivery/yaml.hpp"
#include "gotmpl/data.hpp"
#include "gotmpl/render.hpp"

#include <algorithm>
#include <format>

namespace vsecm::delivery {
namespace {

using api::format;
using base::secret_text;

constexpr std::size_t deepest = 1000;       // objects and lists in one another
constexpr std::size_t longest_note = 600;  // some hundred of them must fit into an answer's header

// A document whose root is an object, or null.
std::optional<codec::json_document> read_object(std::string_view text) {
    auto document = codec::json_document::parse(secret_text(text), {.max_depth = deepest});
    if (!document) return std::nullopt;
    auto const root = document->root();
    if (!root.is(codec::json_kind::object) && !root.is(codec::json_kind::null)) return std::nullopt;
    return *std::move(document);
}

std::string_view as_given(std::string_view value, format f) noexcept {
    if (f == format::none) return value;
    auto const trimmed = trim_space(value);
    return trimmed.empty() ? value : trimmed;
}

// The work on the values, one after the other; what there is to say goes into the rendering.
class worker {
public:
    worker(recipe const& how, gotmpl::render_options const& options, rendering& told) : how_(how), options_(options), told_(told) {}

    secret_text run(std::string_view value) {
        auto const given = as_given(value, how_.format);
        auto rendered = how_.template_text.empty() ? std::nullopt : render(given);
        std::string_view const what = rendered ? rendered->view() : given;
        if (rendered && what.empty()) {
            note("the template's result is empty, so the secret is delivered as it was given");
            return secret_text(value);
        }
        switch (how_.format) {
            case format::json: return json(what, given, rendered.has_value());
            case format::yaml: return yaml(what);
            default: return secret_text(what);
        }
    }

private:
    // Nothing if the template is not applied.
    std::optional<secret_text> render(std::string_view given) {
        auto document = read_object(given);
        if (document && document->root().is(codec::json_kind::null)) document = read_object("{}");  // so Go decodes it, too
        if (!document) {
            note("the template is not applied: the secret is not a JSON object");
            return std::nullopt;
        }
        if (!compiled_) compiled_.emplace(gotmpl::compile(how_.template_text, options_));
        auto made = *compiled_ ? gotmpl::render(**compiled_, document->root(), options_) : std::unexpected(compiled_->error());
        if (!made) {
            note("the template is not applied: " + made.error().what);
            if (!told_.bad_template) told_.bad_template = std::move(made).error();
            return std::nullopt;
        }
        auto result = drop_missing_pairs(*std::move(made));
        if (result.num_dropped > 0) note("the template names fields that the secret has not: their pairs are left out");
        if (result.text.view().contains(no_value) && !given.contains(no_value))
            note("the template names fields that the secret has not: <no value> is delivered in their place");
        return std::move(result.text);
    }

    secret_text json(std::string_view what, std::string_view given, bool is_rendered) {
        if (!is_rendered || read_object(what)) return secret_text(what);
        note("the template's result is not a JSON object, so the secret is delivered as it was given (the format raw delivers any text)");
        return secret_text(given);
    }

    secret_text yaml(std::string_view what) {
        auto const document = read_object(what);
        if (!document) {
            note("what is delivered is not YAML: only a JSON object is converted, and this is none");
            return secret_text(what);
        }
        auto const data = gotmpl::data::from(document->root(), options_.numbers);
        if (!data) {
            note("what is delivered is not YAML: " + data.error().what);
            return secret_text(what);
        }
        auto text = to_yaml(data->root(), options_.bounds.max_output);
        if (text) return *std::move(text);
        note("what is delivered is not YAML: " + text.error().what);
        return secret_text(what);
    }

    void note(std::string sentence) {
        if (sentence.size() > longest_note) sentence = sentence.substr(0, longest_note) + " ...";
        if (!std::ranges::contains(told_.notes, sentence)) told_.notes.push_back(std::move(sentence));
    }

    recipe const& how_;
    gotmpl::render_options const& options_;
    rendering& told_;
    std::optional<base::result<gotmpl::template_set>> compiled_;  // once for all values; none needed it yet
};

// One as it is, several as an array.
secret_text joined(std::span<std::string_view const> values, auto&& deliver_one) {
    if (values.size() == 1) return deliver_one(values[0]);
    secret_text out;
    codec::json_writer array(out);
    array.begin_array();
    for (auto const value : values) array.string(deliver_one(value).view());
    array.end_array();
    return out;
}

}  // namespace

recipe recipe_for(api::name_kind kind, std::string_view template_text, api::format f) {
    return {template_text, kind == api::name_kind::kubernetes && f != format::none ? format::json : f};
}

rendering transform(std::span<std::string_view const> values, recipe const& how, gotmpl::render_options const& options) {
    auto share = options;
    auto const num = std::max<std::size_t>(values.size(), 1);
    share.bounds.max_steps = std::max<std::uint64_t>(options.bounds.max_steps / num, 1);
    share.bounds.max_output = std::max<std::size_t>(options.bounds.max_output / num, 1);
    share.bounds.max_texts = std::max<std::size_t>(options.bounds.max_texts / num, 1);
    rendering out;
    worker one(how, share, out);
    out.text = joined(values, [&](std::string_view value) { return one.run(value); });
    return out;
}

base::secret_text deliver_plain(std::span<std::string_view const> values, api::format f) {
    return joined(values, [f](std::string_view value) { return secret_text(as_given(value, f)); });
}

}  // namespace vsecm::delivery
