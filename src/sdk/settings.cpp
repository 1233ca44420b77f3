#include "sdk/settings.hpp"

#include "config/variables.hpp"

namespace vsecm::sdk {

base::result<config::sdk_settings> load_settings(base::environment const& env, std::span<std::string_view const> given) {
    auto values = env.all();
    std::vector<std::string_view> names;
    for (auto const setting : given) {
        auto const equals = setting.find('=');
        if (equals == setting.npos) return base::fail(base::errc::invalid, "a setting is NAME=VALUE");
        auto const name = setting.substr(0, equals);
        auto const* known = config::find_variable(name);
        if (known == nullptr || (known->roles & config::by_sdk) == 0)
            return base::fail(base::errc::invalid, "`{}` is not a setting of the SDK; `vsecm help env` names those it reads", name);
        names.push_back(name);
        values.insert_or_assign(std::string(name), std::string(setting.substr(equals + 1)));
    }
    std::vector<std::string> warnings;  // a library has nobody to tell them to
    return config::sdk_settings::load(base::environment(std::move(values)), warnings, names);
}

}  // namespace vsecm::sdk
