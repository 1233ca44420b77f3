#include "volume/contents.hpp"

#include "base/log.hpp"
#include "base/try.hpp"
#include "delivery/members.hpp"
#include "volume/dotenv.hpp"
#include "volume/templates.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace vsecm::volume {
namespace {

using base::errc, base::fail;
using config::volume_layout;

constexpr std::size_t longest_name = 253;

constexpr char in_lower_case(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool may_be_in_a_name(char c) noexcept {
    auto const lower = in_lower_case(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string folded(std::string text) {
    std::ranges::transform(text, text.begin(), in_lower_case);
    return text;
}

}  // namespace

base::status check_file_name(std::string_view name) {
    if (name.empty() || name.size() > longest_name) return fail(errc::invalid, "a file's name has 1 to {} characters", longest_name);
    if (name.front() == '.') return fail(errc::invalid, "a file's name does not begin with a dot");
    if (!std::ranges::all_of(name, may_be_in_a_name)) return fail(errc::invalid, "a file's name has letters, digits and -._ only");
    return {};
}

base::result<base::secret_text> content_of(base::secret_text&& value, config::volume_settings const& how) {
    if (how.layout == volume_layout::dotenv) {
        VSECM_TRY(variables, delivery::variables_of(value.bytes()));
        auto made = dotenv_of(variables);
        if (made.num_for_shells > 0)
            base::log::warn("dotenv_for_shells", {{"values", made.num_for_shells},
                {"what", "no notation for these is read alike by shells and by docker compose: it is written for shells"}});
        return std::move(made.text);
    }
    if (how.template_path.empty()) return std::move(value);
    return render_file(how.template_path, value.view());
}

base::result<std::vector<named_file>> files_of(base::secret_text&& value, config::volume_settings const& how) {
    VSECM_TRY(members, delivery::members_of(value.bytes()));
    std::vector<named_file> files;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (auto good = check_file_name(members[i].name); !good) return pass(std::move(good), std::format("member {} of the secret", i + 1));
        files.push_back({std::move(members[i].name), std::move(members[i].text)});
    }
    if (!how.template_path.empty()) {
        VSECM_TRY(rendered, render_all(how.template_path, value.view()));
        std::ranges::move(rendered, std::back_inserter(files));
    }
    std::map<std::string, std::string_view> names;
    for (auto const& file : files) {
        auto const [other, is_first] = names.emplace(folded(file.name), file.name);
        if (!is_first) return fail(errc::invalid, "two files would have the same name{}", other->second == file.name ? ", a template's among them" : " but for case");
    }
    std::ranges::sort(files, {}, &named_file::name);
    return files;
}

}  // namespace vsecm::volume
