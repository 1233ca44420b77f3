#include "volume/dotenv.hpp"

namespace vsecm::volume {
namespace {

bool ends_in_open_backslash(std::string_view value) {
    auto const last = value.find_last_not_of('\\');
    auto const num = value.size() - (last == value.npos ? 0 : last + 1);
    return num % 2 == 1;
}

// Whether shells and compose read the same.
bool append_quoted(base::secret_text& out, std::string_view value) {
    bool const single = !value.contains('\'') && !ends_in_open_backslash(value);
    char const quote = single ? '\'' : '"';
    out.push_back(quote);
    for (char const c : value) {
        if (!single && (c == '\\' || c == '"' || c == '$' || c == '`')) out.push_back('\\');
        out.push_back(c);
    }
    out.push_back(quote);
    return (single || !value.contains('`')) && !value.contains("\r\n");
}

}  // namespace

dotenv dotenv_of(std::span<delivery::member const> variables) {
    dotenv made;
    for (auto const& [name, text] : variables) {
        made.text.append(std::string_view(name));
        made.text.push_back('=');
        if (!append_quoted(made.text, text.view())) ++made.num_for_shells;
        made.text.push_back('\n');
    }
    return made;
}

}  // namespace vsecm::volume
