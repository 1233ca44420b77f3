#include "volume/templates.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "codec/json_writer.hpp"
#include "gotmpl/render.hpp"
#include "volume/file_set.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace vsecm::volume {
namespace {

using base::errc, base::fail;

constexpr std::size_t most_templates = 100;
constexpr std::string_view missing = "<no value>";  // what Go prints for a field that is not there

base::result<codec::json_document> data_of(std::string_view secret) {
    if (auto parsed = codec::json_document::parse(base::secret_text(secret))) return parsed;
    base::secret_text text;
    codec::append_json_string(text, secret);
    return codec::json_document::parse(std::move(text));
}

std::string file_name(std::string_view path) {
    auto name = path.substr(path.rfind('/') + 1);
    if (name.ends_with(".tmpl")) name.remove_suffix(5);
    return std::string(name);
}

bool is_folder(std::string const& path) {
    struct ::stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Those of a folder, or the path itself. More than there may be are not all of them.
base::result<std::vector<std::string>> paths_of_templates(std::string const& path) {
    if (!is_folder(path)) return std::vector{path};
    VSECM_TRY(entries, base::posix_files().list(path));
    std::vector<std::string> paths;
    for (auto const& entry : entries)
        if (!entry.name.starts_with('.') && entry.kind != base::file_kind::folder && paths.size() <= most_templates) paths.push_back(path + "/" + entry.name);
    std::ranges::sort(paths);  // a folder is listed in no order
    return paths;
}

}  // namespace

std::string trace_of_templates(std::string const& path) {
    std::string all;
    if (path.empty()) return all;
    auto const paths = paths_of_templates(path);
    if (!paths) return "none";
    for (auto const& each : *paths) all += each + ": " + trace_of(each) + "\n";
    return all;
}

base::result<base::secret_text> render_file(std::string const& path, std::string_view secret) {
    gotmpl::render_options options;
    VSECM_TRY(text, base::read_file(path, options.bounds.max_template));
    VSECM_TRY(data, data_of(secret));
    auto made = gotmpl::render(text.view(), data.root(), options);
    if (!made) return pass(std::move(made), path);
    if (made->view().contains(missing) && !text.view().contains(missing) && !secret.contains(missing))
        return fail(errc::invalid, "{}: it asks for a field that the secret does not have", path);
    return made;
}

base::result<std::vector<named_file>> render_all(std::string const& path, std::string_view secret) {
    VSECM_TRY(paths, paths_of_templates(path));
    if (paths.size() > most_templates) return fail(errc::invalid, "{} has more than {} templates", path, most_templates);
    std::vector<named_file> files;
    for (auto const& each : paths) {
        auto name = file_name(each);
        if (auto good = check_file_name(name); !good) return pass(std::move(good), each);
        VSECM_TRY(bytes, render_file(each, secret));
        files.push_back({std::move(name), std::move(bytes)});
    }
    return files;
}

}  // namespace vsecm::volume
