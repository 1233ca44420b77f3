// The environment read by the rows of the table. Internal to config.
#pragma once

#include "base/env.hpp"
#include "base/result.hpp"
#include "config/variables.hpp"

#include <chrono>
#include <optional>
#include <span>

namespace vsecm::config {

using std::chrono::milliseconds;

// The first of ours that does not parse is kept as the error; every read still gives a usable value, so that whoever
// loads reads straight down and asks once, at the end. What does not parse of the original's is warned about and keeps
// its default, but for those in `strict`, which are errors too. Names must be in the table, by the kind that is asked for. Borrows its
// arguments.
class variable_reader {
public:
    variable_reader(base::environment const& env, std::vector<std::string>& warnings, std::span<std::string_view const> strict = {})
        : env_(env), warnings_(warnings), strict_(strict) {}

    std::string text(std::string_view name) const;
    milliseconds duration(std::string_view name);
    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
    bool boolean(std::string_view name);
    std::size_t bytes(std::string_view name);
    std::size_t choice(std::string_view name);  // the position among the words of the row's unit
    // An address that is none is an error of the original's variables too: guessing a port helps nobody.
    std::string address(std::string_view name);

    bool is_given(std::string_view name) const;
    bool in_cluster() const;  // in a pod of Kubernetes
    void refuse(base::errc code, std::string what);
    void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

    template <class Settings>
    base::result<Settings> finish(Settings&& settings) {
        if (error_) return std::unexpected(*std::move(error_));
        return std::move(settings);
    }

private:
    struct found {
        variable const* row;
        std::optional<std::string_view> given;
        std::string_view given_or_default() const { return given.value_or(row->default_text); }
    };
    found look_up(std::string_view name) const;
    template <class T>
    T parsed(found const& v, std::optional<T> (*parse)(std::string_view) noexcept, std::string_view ours_expect,
             std::string_view originals_expect);
    void complain(found const& v, std::string_view expected);

    base::environment const& env_;
    std::vector<std::string>& warnings_;
    std::span<std::string_view const> strict_;
    std::optional<base::error> error_;
};

}  // namespace vsecm::config
