#include "delivery/members.hpp"

#include "base/try.hpp"
#include "codec/json_copy.hpp"
#include "delivery/deciding_names.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace vsecm::delivery {
namespace {

using base::errc, base::fail;
using codec::json_kind;

constexpr std::size_t longest_name = 255;

base::secret_text text_of(codec::json_value value) {
    if (value.is(json_kind::string)) return base::secret_text(value.as_string());
    base::secret_text text;
    if (value.is(json_kind::null)) return text;
    codec::json_writer out(text);
    codec::copy_json(out, value);
    return text;
}

bool begins_as_object(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t\r\n");
    return first != text.npos && text[first] == '{';
}

// In ASCII, whatever the locale is.
constexpr bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

char in_variable(char c) noexcept {
    if (c == '-' || c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace

base::result<std::vector<member>> members_of(base::byte_view value) {
    auto document = codec::json_document::parse(base::secret_text(value));
    // Where it was meant to be one, what is wrong with it is said.
    if (!document && begins_as_object(base::as_text(value))) return pass(std::move(document), "the secret begins like a JSON object and cannot be read as one");
    if (!document || !document->root().is(json_kind::object)) return fail(errc::invalid, "the secret is not a JSON object");
    if (document->root().size() > most_members) return fail(errc::invalid, "the secret has more than {} members", most_members);
    std::vector<member> found;
    std::map<std::string_view, std::size_t> places;
    for (auto const [name, inner] : document->root().members()) {
        auto const [place, is_new] = places.emplace(name, found.size());
        if (is_new)
            found.push_back({std::string(name), text_of(inner)});
        else
            found[place->second].text = text_of(inner);
    }
    return found;
}

base::status check_variable_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name) return fail(errc::invalid, "a variable's name has 1 to {} characters", longest_name);
    if (is_digit(name.front())) return fail(errc::invalid, "a variable's name does not begin with a digit");
    if (!std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); }))
        return fail(errc::invalid, "a variable's name has letters, digits and _ only");
    if (decides_what_runs(name))
        return fail(errc::invalid, "a secret does not set PATH, IFS, ENV, PS4, LD_..., NODE_OPTIONS, OPENSSL_CONF and the like, which decide what a program is");
    return {};
}

base::result<std::vector<member>> variables_of(base::byte_view value, std::string_view prefix) {
    VSECM_TRY(found, members_of(value));
    std::set<std::string, std::less<>> names;
    for (std::size_t i = 0; i < found.size(); ++i) {
        auto& [name, text] = found[i];
        std::ranges::transform(name, name.begin(), in_variable);
        name.insert(0, prefix);
        if (auto good = check_variable_name(name); !good) return pass(std::move(good), std::format("member {} of the secret", i + 1));
        if (!names.insert(name).second) return fail(errc::invalid, "member {} of the secret has the same variable as another", i + 1);
        if (text.view().contains('\0')) return fail(errc::invalid, "member {} of the secret has a NUL byte, which no variable can hold", i + 1);
    }
    return found;
}

}  // namespace vsecm::delivery
