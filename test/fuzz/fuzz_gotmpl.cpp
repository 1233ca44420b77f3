// Any bytes as a template, the last line of them as its data where that is JSON: rendered or refused, within the limits,
// and without a byte of what is secret in the message.
#include "base/check.hpp"
#include "gotmpl/render.hpp"

#include <cstdint>

using namespace vsecm;

namespace {

constexpr std::string_view secret = "vnHtZ5cQ7w";
constexpr std::string_view default_data =
    R"({"a":"vnHtZ5cQ7w","b":[1,2.5,"vnHtZ5cQ7w",null,true],"c":{"a":{"vnHtZ5cQ7w":"vnHtZ5cQ7w"},"x":-0.00001},"n":1234567,"":""})";

codec::json_document document_of(std::string_view text) {
    auto parsed = codec::json_document::parse(base::secret_text(text));
    if (!parsed) parsed = codec::json_document::parse(base::secret_text(default_data));
    return *std::move(parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t len) {
    auto const input = base::as_text({data, len});
    auto const line = input.rfind('\n');
    auto const document = document_of(line == input.npos ? std::string_view{} : input.substr(line + 1));
    gotmpl::render_options options;
    options.bounds.max_steps = 20'000;
    options.bounds.max_output = options.bounds.max_texts = 1U << 20;
    if (len % 2 == 1) options.numbers = gotmpl::number_style::go;
    auto const text = input.substr(0, line);
    auto const made = gotmpl::render(text, document.root(), options);
    if (made) VSECM_CHECK(made->size() <= options.bounds.max_output);
    else VSECM_CHECK(text.contains(secret) || !made.error().what.contains(secret));
    return 0;
}
