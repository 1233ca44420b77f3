#include "roles/help/man_page.hpp"

#include "config/variables.hpp"

#include <algorithm>

namespace vsecm::roles::help {
namespace {

// Text for roff: a backslash and a hyphen are given by name, and a line may not begin with a request's dot or quote.
void add_text(std::string& out, std::string_view text) {
    bool at_start = out.empty() || out.back() == '\n';
    for (char const c : text) {
        if (at_start && (c == '.' || c == '\'')) out += "\\&";
        at_start = c == '\n';
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else
            out += c;
    }
    if (!at_start) out += '\n';
}

void add_section(std::string& out, std::string_view heading) { out.append(".SH ").append(heading).append("\n"); }

// Lines as they are.
void add_lines(std::string& out, std::string_view heading, std::string_view text) {
    if (text.empty()) return;
    add_section(out, heading);
    out += ".nf\n";
    add_text(out, text);
    out += ".fi\n";
}

void add_paragraphs(std::string& out, std::string_view heading, std::string_view text) {
    if (text.empty()) return;
    add_section(out, heading);
    for (bool first = true; !text.empty(); first = false) {
        auto const paragraph = text.substr(0, text.find("\n\n"));
        if (!first) out += ".PP\n";
        add_text(out, paragraph);
        text.remove_prefix(std::min(text.size(), paragraph.size() + 2));
    }
}

void add_item(std::string& out, std::string_view label, std::string_view doc) {
    out += ".TP\n.B ";
    add_text(out, label.substr(label.find_first_not_of(' ')));
    add_text(out, doc);
}

void add_variables(std::string& out, std::uint32_t readers) {
    auto const is_read = [readers](config::variable const& v) {
        bool const works = v.from == config::origin::original || v.from == config::origin::ours;
        return works && (v.roles & readers) != 0;
    };
    auto const all = config::all_variables();
    if (std::ranges::none_of(all, is_read)) return;
    add_section(out, "ENVIRONMENT");
    for (auto const& v : all) {
        if (!is_read(v)) continue;
        auto doc = std::string(v.doc);
        if (!v.default_text.empty()) doc.append("\nDefault: ").append(v.default_text);
        add_item(out, v.name, doc);
    }
}

}  // namespace

std::string man_page(role const& of) {
    auto const& book = of.book;
    std::string out = ".TH vsecm\\-" + std::string(of.name) + " 1 \"\" \"vsecm " VSECM_VERSION "\" \"VSecM\"\n";
    add_section(out, "NAME");
    add_text(out, "vsecm-" + std::string(of.name) + " - " + std::string(book.summary));
    add_lines(out, "SYNOPSIS", book.usage);
    add_paragraphs(out, "DESCRIPTION", book.about);
    auto const shown = [](base::option_row const& row) { return !row.doc.empty(); };
    if (std::ranges::any_of(book.options, shown)) add_section(out, "OPTIONS");
    for (auto const& row : book.options)
        if (shown(row)) add_item(out, option_label(row), row.doc);
    add_paragraphs(out, "NOTES", book.notes);
    add_variables(out, book.variables);
    add_paragraphs(out, "EXIT STATUS", book.exit_status);
    add_lines(out, "EXAMPLES", book.examples);
    return out;
}

}  // namespace vsecm::roles::help
