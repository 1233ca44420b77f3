// What an API server, or whoever stands before it, may answer: as a Secret, and as a refusal.
#include "kube/api_failure.hpp"
#include "kube/secret_object.hpp"

#include <cstdlib>

using namespace vsecm;

namespace {

void as_secret(std::string_view text) {
    auto const object = kube::secret_object::parse(base::secret_text(text));
    if (!object) return;
    kube::secret_data set;
    set.emplace("key", base::secret_text(std::string_view("value")));
    kube::secret_changes const changes{&set, {"gone"}, kube::owner_value, {}};
    auto const again = kube::secret_object::parse(object->rewritten(changes));
    if (!again || !again->is_ours() || !again->has("key", base::as_bytes("value"))) std::abort();
    for (auto const& key : object->keys()) {
        (void)object->owners(key);
        (void)object->value(key);
        if (key != "gone" && !again->keys().contains(key)) std::abort();
    }
}

void as_refusal(std::string_view text, std::uint8_t first) {
    net::http_client_response answer;
    answer.status = 400U + first;
    answer.body = base::secret_text(text);
    auto const failure = kube::failure_of(std::move(answer), {"get", "Secret a/b"});
    // A sentence of our own words and the server's codes: nothing long, nothing that is no letter of a code.
    if (failure.what.empty() || failure.what.size() > 512 || failure.as_error().what != failure.what) std::abort();
    if (failure.retry_after && failure.retry_after->count() > 600) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    auto const text = base::as_text({data, size}).substr(1);
    as_secret(text);
    as_refusal(text, data[0]);
    return 0;
}
