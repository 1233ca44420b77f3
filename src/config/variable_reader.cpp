#include "config/variable_reader.hpp"

#include "base/check.hpp"
#include "config/parse.hpp"

#include <algorithm>
#include <format>

namespace vsecm::config {

using base::errc;

namespace {

// Where `word` stands among words separated by '|'.
std::optional<std::size_t> position(std::string_view words, std::string_view word) {
    for (std::size_t at = 0;; ++at) {
        auto const bar = words.find('|');
        if (words.substr(0, bar) == word) return at;
        if (bar == words.npos) return std::nullopt;
        words.remove_prefix(bar + 1);
    }
}

}  // namespace

variable_reader::found variable_reader::look_up(std::string_view name) const {
    auto const* row = find_variable(name);
    VSECM_CHECK(row != nullptr);
    auto given = env_.get(name);
    for (auto const alias : row->aliases)
        if (!given && !alias.empty()) given = env_.get(alias);
    return {row, given};
}

template <class T>
T variable_reader::parsed(found const& v, std::optional<T> (*parse)(std::string_view) noexcept, std::string_view ours_expect,
                          std::string_view originals_expect) {
    if (v.given) {
        if (auto const value = parse(*v.given)) return *value;
        complain(v, v.row->from == origin::ours ? ours_expect : originals_expect);
    }
    auto const value = parse(v.row->default_text);
    VSECM_CHECK(value.has_value());
    return *value;
}

void variable_reader::complain(found const& v, std::string_view expected) {
    if (v.row->from == origin::ours || std::ranges::contains(strict_, v.row->name))
        refuse(errc::invalid, std::format("{} must be {}", v.row->name, expected));
    else
        warn(std::format("{} is IGNORED: it must be {}; the default ({}) is used", v.row->name, expected, v.row->default_text));
}

void variable_reader::refuse(errc code, std::string what) {
    if (!error_) error_ = base::error{code, std::move(what)};
}

bool variable_reader::is_given(std::string_view name) const { return look_up(name).given.has_value(); }

bool variable_reader::in_cluster() const { return env_.get("KUBERNETES_SERVICE_HOST").has_value(); }

std::string variable_reader::text(std::string_view name) const { return std::string(look_up(name).given_or_default()); }

milliseconds variable_reader::duration(std::string_view name) {
    auto const v = look_up(name);
    auto const parse = v.row->from == origin::ours ? parse_duration : parse_original_ms;
    auto const value = parsed(v, parse, "a duration like 5s or 250ms", "whole milliseconds");
    // The original takes negative milliseconds and then panics or spins on them.
    if (value.count() >= 0) return value;
    complain(v, "zero or more milliseconds");
    return *parse_original_ms(v.row->default_text);
}

std::int64_t variable_reader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
    auto const v = look_up(name);
    auto const value = parsed(v, parse_int, "a whole number", "a whole number");
    if (value >= least && value <= most) return value;
    complain(v, std::format("a number from {} to {}", least, most));
    return *parse_int(v.row->default_text);
}

bool variable_reader::boolean(std::string_view name) {
    auto const v = look_up(name);
    // In the original anything but "true" is false: nothing to complain about but a likely mistake.
    if (v.row->from == origin::original) {
        if (v.given && !parse_bool(*v.given)) complain(v, "true or false");
        return parse_original_bool(v.given_or_default());
    }
    return parsed(v, parse_bool, "true or false", "true or false");
}

std::size_t variable_reader::bytes(std::string_view name) {
    return parsed(look_up(name), parse_bytes, "a number of bytes like 65536, 64KiB or 4MiB", "");
}

std::size_t variable_reader::choice(std::string_view name) {
    auto const v = look_up(name);
    if (auto const at = position(v.row->unit, v.given_or_default())) return *at;
    complain(v, std::format("one of {}", v.row->unit));
    auto const at = position(v.row->unit, v.row->default_text);
    VSECM_CHECK(at.has_value());
    return *at;
}

std::string variable_reader::address(std::string_view name) {
    auto const v = look_up(name);
    auto const given = v.given_or_default();
    if (given.empty() || is_address(given)) return std::string(given);
    refuse(errc::invalid, std::format("{} must be an address like :8443 or 127.0.0.1:8443", name));
    return std::string(v.row->default_text);
}

}  // namespace vsecm::config
