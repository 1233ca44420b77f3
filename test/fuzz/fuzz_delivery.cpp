// The first byte chooses the format, the last line is the template, all between is the value: something is always delivered,
// what the format promises or the value, and no note has a byte of what is secret.
#include "base/check.hpp"
#include "codec/json_reader.hpp"
#include "delivery/space.hpp"
#include "delivery/transform.hpp"

#include <cstdint>

using namespace vsecm;

namespace {

constexpr std::string_view secret = "vnHtZ5cQ7w";
constexpr std::string_view default_value =
    R"({"a":"vnHtZ5cQ7w, and more","a10":["\n x","yes",null,true,1234567],"a2":{"vnHtZ5cQ7w":" a\nb","<<":"0x1f"},"":""})";

bool is_object(std::string_view text) {
    auto const document = codec::json_document::parse(base::secret_text(text), {.max_depth = 1000});
    return document && (document->root().is(codec::json_kind::object) || document->root().is(codec::json_kind::null));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t len) {
    if (len == 0) return 0;
    auto const input = base::as_text({data + 1, len - 1});
    auto const line = input.rfind('\n');
    auto value = line == input.npos ? std::string_view{} : input.substr(0, line);
    if (value.empty()) value = default_value;
    delivery::recipe const how{line == input.npos ? input : input.substr(line + 1), static_cast<api::format>(data[0] % 4)};

    gotmpl::render_options options;
    options.bounds.max_steps = 20'000;
    options.bounds.max_output = options.bounds.max_texts = 1U << 20;
    auto const made = delivery::transform({&value, 1}, how, options);
    VSECM_CHECK(!made.text.empty());
    if (how.format == api::format::json && !is_object(made.text.view()))
        VSECM_CHECK(made.text.view() == value || made.text.view() == delivery::trim_space(value));
    for (auto const& note : made.notes) VSECM_CHECK(how.template_text.contains(secret) || !note.contains(secret));
    if (delivery::is_plain(how)) VSECM_CHECK(made.notes.empty() && made.text.view() == delivery::deliver_plain({&value, 1}, how.format).view());
    return 0;
}
