#include "base/options.hpp"

#include "base/try.hpp"

#include <algorithm>
#include <string>

namespace vsecm::base {
namespace {

option_row const* find_letter(std::span<option_row const> table, char letter) {
    auto const found = std::ranges::find(table, letter, &option_row::letter);
    return letter == '\0' || found == table.end() ? nullptr : &*found;
}

option_row const* find_name(std::span<option_row const> table, std::string_view name) {
    auto const found = std::ranges::find(table, name, &option_row::name);
    return found == table.end() ? nullptr : &*found;
}

// Same letters but for one: left out, put in, changed or swapped with its neighbour.
bool nearly_equal(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    auto const [x, y] = std::ranges::mismatch(a, b);
    std::string_view const rest_a(x, a.end());
    std::string_view const rest_b(y, b.end());
    if (a.size() + 1 == b.size()) return rest_b.substr(1) == rest_a;
    if (a.size() != b.size() || rest_a.empty()) return false;
    if (rest_a.substr(1) == rest_b.substr(1)) return true;
    return rest_a.size() >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] && rest_a.substr(2) == rest_b.substr(2);
}

// One run over the arguments.
class scan {
public:
    scan(std::span<std::string_view const> arguments, std::span<option_row const> table) : arguments_(arguments), table_(table) {}

    result<parsed_options> run() {
        while (at_ < arguments_.size()) {
            auto const argument = arguments_[at_++];
            if (argument == "--") {
                found_.words.insert(found_.words.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_), arguments_.end());
                break;
            }
            if (argument.starts_with("--")) {
                VSECM_TRY_OK(take_long(argument.substr(2)));
            } else if (argument.size() > 1 && argument.starts_with('-')) {
                VSECM_TRY_OK(take_letters(argument.substr(1)));
            } else {
                found_.words.push_back(argument);
            }
        }
        return std::move(found_);
    }

private:
    status take_long(std::string_view text) {
        auto const equals = text.find('=');
        auto const name = text.substr(0, equals);
        auto const* row = find_name(table_, name);
        if (row == nullptr) {
            // The text may be a misplaced secret: only what is nearly a name of ours is repeated.
            for (auto const& near : table_)
                if (nearly_equal(name, near.name)) return fail(errc::invalid, "argument {} is no option; did you mean --{}?", at_, near.name);
            return fail(errc::invalid, "argument {} is no option", at_);
        }
        auto const label = "--" + std::string(row->name);
        if (row->kind == option_kind::flag) {
            if (equals != text.npos) return fail(errc::invalid, "{} takes no value", label);
            return add(*row, label, {});
        }
        if (equals != text.npos) return add(*row, label, text.substr(equals + 1));
        return add_next(*row, label);
    }

    status take_letters(std::string_view letters) {
        for (std::size_t i = 0; i < letters.size(); ++i) {
            auto const* row = find_letter(table_, letters[i]);
            if (row == nullptr) return fail(errc::invalid, "argument {} is no option", at_);
            std::string const label{'-', row->letter};
            auto const rest = letters.substr(i + 1);
            if (row->kind == option_kind::flag) {
                if (rest.starts_with('=')) return fail(errc::invalid, "{} takes no value", label);
                VSECM_TRY_OK(add(*row, label, {}));
                continue;
            }
            if (rest.starts_with('=')) return add(*row, label, rest.substr(1));
            if (rest.empty()) return add_next(*row, label);
            return fail(errc::invalid, "{} takes a value: put a space or `=` behind it", label);
        }
        return {};
    }

    status add_next(option_row const& row, std::string const& label) {
        if (at_ == arguments_.size()) return fail(errc::invalid, "{} needs a value", label);
        return add(row, label, arguments_[at_++]);
    }

    status add(option_row const& row, std::string const& label, std::string_view value) {
        if (row.kind == option_kind::single && found_.has(row.id)) return fail(errc::invalid, "{} is given more than once", label);
        found_.options.push_back({row.id, value});
        return {};
    }

    std::span<std::string_view const> arguments_;
    std::span<option_row const> table_;
    std::size_t at_ = 0;
    parsed_options found_;
};

}  // namespace

bool parsed_options::has(int id) const noexcept { return std::ranges::find(options, id, &given_option::id) != options.end(); }

std::string_view parsed_options::value(int id) const noexcept {
    auto const found = std::ranges::find(options, id, &given_option::id);
    return found == options.end() ? std::string_view{} : found->value;
}

std::vector<std::string_view> parsed_options::values(int id) const {
    std::vector<std::string_view> all;
    for (auto const& option : options)
        if (option.id == id) all.push_back(option.value);
    return all;
}

result<parsed_options> parse_options(std::span<std::string_view const> arguments, std::span<option_row const> table) {
    return scan(arguments, table).run();
}

}  // namespace vsecm::base
