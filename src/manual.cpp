#include "manual.hpp"

#include <algorithm>

namespace vsecm {
namespace {

// Every line of `text`, each behind as many spaces.
void indent(std::string& out, std::string_view text, std::size_t num_spaces) {
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        if (!line.empty()) out.append(num_spaces, ' ').append(line);
        out += '\n';
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
}

void add_part(std::string& out, std::string_view heading, std::string_view text, std::size_t num_spaces) {
    if (text.empty()) return;
    out += '\n';
    if (!heading.empty()) out.append(heading).append(":\n");
    indent(out, text, num_spaces);
}

// A label too long for its column stands on a line of its own.
void add_option(std::string& out, base::option_row const& row, std::size_t column) {
    auto const label = "  " + option_label(row);
    out += label;
    std::string doc;
    indent(doc, row.doc, column);
    if (label.size() + 2 <= column)
        out.append(doc, label.size());
    else
        out.append("\n").append(doc);
}

}  // namespace

std::string option_label(base::option_row const& row) {
    std::string label = row.letter == '\0' ? std::string(4, ' ') : std::string{'-', row.letter, ',', ' '};
    label.append("--").append(row.name);
    if (row.kind != base::option_kind::flag) label.append(" ").append(row.value);
    return label;
}

std::string help_text(manual const& book) {
    std::string out = std::string(book.title) + " - " + std::string(book.summary) + "\n";
    std::string usage;
    indent(usage, book.usage, 7);
    out.append("\nusage: ").append(usage, 7);
    add_part(out, "", book.about, 0);
    bool const any = std::ranges::any_of(book.options, [](base::option_row const& row) { return !row.doc.empty(); });
    if (any) out += "\noptions:\n";
    constexpr std::size_t column = 27;
    for (auto const& row : book.options)
        if (!row.doc.empty()) add_option(out, row, column);
    add_part(out, "", book.notes, 0);
    add_part(out, "examples", book.examples, 2);
    add_part(out, "exit status", book.exit_status, 2);
    return out;
}

}  // namespace vsecm
