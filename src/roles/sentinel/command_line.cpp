#include "roles/sentinel/command_line.hpp"

#include "api/messages.hpp"
#include "api/secret.hpp"
#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "config/parse.hpp"
#include "roles/sentinel/options.hpp"
#include "roles/sentinel/role.hpp"

#include <algorithm>

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;

namespace {

base::result<output_shape> shape_of(base::parsed_options const& given) {
    auto const word = given.value(o_output);
    if (!given.has(o_output) || word == "text") return output_shape::text;
    if (word == "json") return output_shape::json;
    return fail(errc::invalid, "--output takes text or json");
}

// The wire's word for -f. A value taken from a file or from standard input is delivered byte for byte ("none"), unless
// a format is asked for or a template is to change it; one from the arguments as the original does ("json").
base::result<std::string> format_of(base::parsed_options const& given, secret_source const& value) {
    bool const typed = value.from == secret_source::kind::argument || value.from == secret_source::kind::pattern;
    if (!given.has(o_format)) return typed || !given.value(o_template).empty() ? "json" : "none";
    auto const asked = api::parse_format(given.value(o_format));
    if (!asked) return fail(errc::invalid, "-f takes json, yaml, raw or none");
    return std::string(api::name_of(*asked));
}

base::result<secret_source> source_of(base::parsed_options const& given) {
    using kind = secret_source::kind;
    if (given.has(o_secret) && given.has(o_secret_file)) return fail(errc::invalid, "give the secret by -s or by --secret-file, not both");
    if (given.has(o_secret_file)) {
        auto const path = given.value(o_secret_file);
        if (path.empty()) return fail(errc::invalid, "--secret-file needs the name of a file");
        return secret_source{kind::file, path};
    }
    auto const text = given.value(o_secret);
    if (text.empty()) return secret_source{};
    if (text == "-") return secret_source{kind::standard_input, {}};
    return secret_source{kind::argument, text};
}

base::result<secret_source> value_of(base::parsed_options const& given, std::string_view generation_prefix) {
    VSECM_TRY(source, source_of(given));
    if (source.from != secret_source::kind::argument) return source;
    auto const text = source.text;
    if (!generation_prefix.empty() && text.starts_with(generation_prefix))
        return secret_source{secret_source::kind::pattern, text.substr(generation_prefix.size())};
    if (!codec::is_valid_utf8(text)) return fail(errc::invalid, "the secret is not UTF-8 text: encode it, as base64 for instance");
    return source;
}

base::result<std::optional<std::int64_t>> if_version_of(base::parsed_options const& given) {
    if (!given.has(o_if_version)) return std::nullopt;
    auto const number = config::parse_int(given.value(o_if_version));
    if (!number || *number < 0)
        return fail(errc::invalid, "--if-version takes the version that is to be replaced, as `safe -l` shows it; 0: there must be none");
    return number;
}

base::status check_names(command const& c) {
    for (auto const& name : c.workloads)
        if (auto good = api::check_secret_name(name); !good) return pass(std::move(good), "-w");
    for (auto const& name : c.namespaces)
        if (auto good = api::check_namespace(name); !good) return pass(std::move(good), "-n");
    return {};
}

base::result<command> put_remove_or_encrypt(base::parsed_options const& given, command c, std::string_view generation_prefix) {
    bool const deletes = given.has(o_delete);
    bool const encrypts = given.has(o_encrypt);
    c.append = given.has(o_append);
    c.dry_run = given.has(o_dry_run);
    // The original's sentences; scripts look for them.
    if (c.workloads.empty() && (deletes || !(encrypts || c.dry_run))) return fail(errc::invalid, "Please provide a workload name.");
    if (c.dry_run && (deletes || encrypts)) return fail(errc::invalid, "--dry-run shows what -s, -t and -f give: it goes with neither -d nor -e");
    if (deletes) {
        if (c.append) return fail(errc::invalid, "-a and -d contradict each other");
        if (given.has(o_if_version)) return fail(errc::invalid, "--if-version goes with -s: a deletion has no version to compare");
        c.what = verb::remove;
        return c;
    }
    VSECM_TRY(value, value_of(given, generation_prefix));
    c.value = value;
    if (c.value.from == secret_source::kind::none) return fail(errc::invalid, "Please provide a secret.");
    if (c.value.from == secret_source::kind::pattern && encrypts && !c.workloads.empty())
        return fail(errc::invalid, "with -w, -e says that the secret is ciphertext already: a generated one is not");
    VSECM_TRY(format, format_of(given, c.value));
    c.format = std::move(format);
    c.template_text = given.value(o_template);
    if (!codec::is_valid_utf8(c.template_text)) return fail(errc::invalid, "the template is not UTF-8 text");
    c.store = given.value(o_store);
    if (given.has(o_store) && c.store != "file" && c.store != "memory") return fail(errc::invalid, "-b takes file or memory");
    c.not_before = given.has(o_nbf) && !given.value(o_nbf).empty() ? given.value(o_nbf) : "now";
    c.expires = given.has(o_exp) && !given.value(o_exp).empty() ? given.value(o_exp) : "never";
    if (!api::parse_not_before(c.not_before, {})) return fail(errc::invalid, "-N takes `now` or a date like 2026-01-31T00:00:00Z");
    if (!api::parse_expires(c.expires)) return fail(errc::invalid, "-E takes `never` or a date like 2026-01-31T00:00:00Z");
    VSECM_TRY(if_version, if_version_of(given));
    c.if_version = if_version;
    c.encrypted = encrypts;
    c.what = encrypts && c.workloads.empty() ? verb::encrypt : verb::put;
    if (c.what == verb::encrypt && (c.append || !c.store.empty() || c.if_version || !c.template_text.empty()))
        return fail(errc::invalid, "-e without -w only prints the ciphertext: -a, -b, -t and --if-version have no meaning there");
    return c;
}

bool is_about_versions(base::parsed_options const& given) {
    return given.has(o_versions) || given.has(o_rollback) || given.has(o_undelete);
}

// None of them is a command of the original, so nothing beside them is ignored, as -l and -i ignore what else is there.
base::result<command> about_versions(base::parsed_options const& given, command c) {
    c.what = given.has(o_versions) ? verb::versions : given.has(o_rollback) ? verb::rollback : verb::undelete;
    for (auto const& option : given.options) {
        bool const chosen = option.id == (c.what == verb::versions ? o_versions : c.what == verb::rollback ? o_rollback : o_undelete);
        bool const fits = option.id == o_workload || option.id == o_output || (option.id == o_if_version && c.what != verb::versions);
        if (!chosen && !fits) return fail(errc::invalid, "--versions, --rollback and --undelete each take -w, --output and (to write) --if-version, nothing else");
    }
    if (c.workloads.empty()) return fail(errc::invalid, "Please provide a workload name.");
    if (c.what != verb::undelete && c.workloads.size() > 1) return fail(errc::invalid, "versions are counted by secret: give one -w");
    if (c.what == verb::rollback) {
        c.version = config::parse_int(given.value(o_rollback));
        if (c.version.value_or(0) < 1) return fail(errc::invalid, "--rollback takes the number of a version, as `safe --versions` shows it");
    }
    VSECM_TRY(if_version, if_version_of(given));
    c.if_version = if_version;
    return c;
}

secret_source root_key_source(std::string_view text) {
    using kind = secret_source::kind;
    return text == "-" ? secret_source{kind::standard_input, {}} : secret_source{kind::argument, text};
}

bool is_about_keys(base::parsed_options const& given) { return given.has(o_rotate_key) || given.has(o_forget_key); }

// Nothing beside them is ignored either.
base::result<command> about_keys(base::parsed_options const& given, command c) {
    bool const rotates = given.has(o_rotate_key);
    c.what = rotates ? verb::rotate_key : verb::forget_key;
    for (auto const& option : given.options) {
        bool const chosen = option.id == (rotates ? o_rotate_key : o_forget_key);
        if (!chosen && option.id != o_output && !(rotates && option.id == o_input_keys))
            return fail(errc::invalid, "--rotate-root-key takes -i and --output, --forget-key takes --output, nothing else");
    }
    c.key_id = given.value(o_forget_key);
    if (!rotates && !api::names_root_key(c.key_id)) return fail(errc::invalid, "--forget-key takes the id of a replaced root key, as `safe status` shows it");
    if (given.has(o_input_keys)) {
        c.root_key = root_key_source(given.value(o_input_keys));
        if (given.value(o_input_keys).empty()) return fail(errc::invalid, "-i takes the new root key, or `-`");
    }
    return c;
}

base::result<command> verb_alone(verb what, std::span<std::string_view const> rest) {
    VSECM_TRY(given, base::parse_options(rest, option_table()));
    command c;
    c.what = given.has(o_help) ? verb::help : what;
    VSECM_TRY(shape, shape_of(given));
    c.output = shape;
    if (!given.words.empty()) return fail(errc::invalid, "this command takes no arguments");
    for (auto const& option : given.options)
        if (option.id != o_output && option.id != o_help) return fail(errc::invalid, "this command takes no option but --output and --help");
    return c;
}

base::result<command> apply_script(std::span<std::string_view const> rest) {
    VSECM_TRY(given, base::parse_options(rest, option_table()));
    command c;
    if (given.has(o_help)) return c;
    c.what = verb::apply;
    c.dry_run = given.has(o_dry_run);
    for (auto const& option : given.options)
        if (option.id != o_dry_run && option.id != o_output) return fail(errc::invalid, "apply takes no option but --dry-run, --output and --help");
    VSECM_TRY(shape, shape_of(given));
    c.output = shape;
    if (given.words.size() != 1 || given.words[0].empty()) return fail(errc::invalid, "apply takes the name of one file, or -");
    using kind = secret_source::kind;
    c.value = given.words[0] == "-" ? secret_source{kind::standard_input, {}} : secret_source{kind::file, given.words[0]};
    return c;
}

// render -t TEMPLATE -s JSON
base::result<command> render_locally(std::span<std::string_view const> rest) {
    VSECM_TRY(given, base::parse_options(rest, option_table()));
    command c;
    if (given.has(o_help)) return c;
    c.what = verb::render;
    constexpr int meant[] = {o_template, o_secret, o_secret_file};
    for (auto const& option : given.options)
        if (!std::ranges::contains(meant, option.id)) return fail(errc::invalid, "render takes -t, -s and --secret-file, nothing else");
    if (!given.words.empty()) return fail(errc::invalid, "render takes no arguments: the template goes behind -t, the data behind -s");
    if (!given.has(o_template)) return fail(errc::invalid, "give the template by -t");
    c.template_text = given.value(o_template);
    VSECM_TRY(data, source_of(given));
    c.value = data;
    if (c.value.from == secret_source::kind::none) return fail(errc::invalid, "give the data, which is JSON, by -s or --secret-file");
    return c;
}

base::result<command> parse_word(std::string_view word, std::span<std::string_view const> rest) {
    if (word == "apply") return apply_script(rest);
    if (word == "render") return render_locally(rest);
    return verb_alone(word == "serve" ? verb::serve : word == "status" ? verb::status : verb::doctor, rest);
}

// `safe --output json status`: all but the word.
std::vector<std::string_view> without(std::span<std::string_view const> arguments, std::string_view word) {
    std::vector<std::string_view> rest(arguments.begin(), arguments.end());
    std::erase_if(rest, [&](std::string_view argument) { return argument.data() == word.data(); });
    return rest;
}

}  // namespace

base::result<command> parse_command_line(std::span<std::string_view const> arguments, std::string_view generation_prefix) {
    if (!arguments.empty() && std::ranges::contains(sentinel_manual.words, arguments[0])) return parse_word(arguments[0], arguments.subspan(1));
    VSECM_TRY(given, base::parse_options(arguments, option_table()));
    command c;
    if (given.has(o_help)) return c;
    if (given.has(o_version)) {
        c.what = verb::version;
        return c;
    }
    if (!given.words.empty() && std::ranges::contains(sentinel_manual.words, given.words[0])) return parse_word(given.words[0], without(arguments, given.words[0]));
    // A stray word may be a secret whose -s was forgotten: it is counted, not repeated.
    if (!given.words.empty())
        return fail(errc::invalid, "{} belong{} to no option: a value goes right behind its option", given.words.size() == 1 ? "one argument" : "several arguments",
                    given.words.size() == 1 ? "s" : "");
    VSECM_TRY(shape, shape_of(given));
    c.output = shape;
    if (is_about_versions(given)) {
        for (auto const name : given.values(o_workload)) c.workloads.emplace_back(name);
        VSECM_TRY_OK(check_names(c));
        return about_versions(given, std::move(c));
    }
    if (is_about_keys(given)) return about_keys(given, std::move(c));
    if (given.has(o_dry_run) && (given.has(o_list) || given.has(o_input_keys)))
        return fail(errc::invalid, "--dry-run shows what -s, -t and -f give: it goes with neither -l nor -i");
    if (given.has(o_list)) {  // all else is ignored, as ever
        c.what = verb::list;
        c.encrypted = given.has(o_encrypt);
        return c;
    }
    if (auto const keys = given.value(o_input_keys); !keys.empty()) {
        c.what = verb::give_root_key;
        c.root_key = root_key_source(keys);
        return c;
    }
    for (auto const name : given.values(o_workload)) c.workloads.emplace_back(name);
    for (auto const name : given.values(o_namespace)) c.namespaces.emplace_back(name);
    if (c.namespaces.empty()) c.namespaces.emplace_back("default");
    VSECM_TRY_OK(check_names(c));
    return put_remove_or_encrypt(given, std::move(c), generation_prefix);
}

}  // namespace vsecm::roles::sentinel
