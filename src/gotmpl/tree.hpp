// A parsed template: what there is to do, in the order of the text. Every text in it points into the template's own.
#pragma once

#include "base/secret_text.hpp"
#include "gotmpl/value.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>

namespace vsecm::gotmpl {

struct pipeline;

enum class operand_kind : std::uint8_t { dot, nil, constant, field, variable, function, group, chain };

// One word of a command.
struct operand {
    operand_kind kind = operand_kind::dot;
    std::uint32_t pos = 0;
    std::string_view word{};               // constant: as written; function: its name; variable: its name with the dollar
    std::vector<std::string_view> fields{};  // .a.b of a field, a variable or a chain
    value constant{};                      // nil: an integer that overflows, which is an error once it is used
    std::unique_ptr<pipeline> group{};     // (pipeline)
    std::unique_ptr<operand> base{};       // of a chain: the function or group whose fields are meant
};

struct command {
    std::uint32_t pos = 0;
    std::vector<operand> words{};  // not empty
};

struct pipeline {
    std::uint32_t pos = 0;
    bool assigns = false;  // `=`, not `:=`
    std::vector<std::string_view> variables{};
    std::vector<command> commands{};  // not empty
};

enum class statement_kind : std::uint8_t { text, output, branch_if, branch_with, range, invoke, leave, next };

struct statement {
    statement_kind kind = statement_kind::text;
    std::uint32_t pos = 0;
    std::string_view text{};           // text: to be written; invoke: the template's name
    std::unique_ptr<pipeline> pipe{};  // null for text, leave, next, and invoke without data
    std::vector<statement> body{}, otherwise{};
};

using body = std::vector<statement>;

// All templates one text defines: itself and what it defines inside. The text must live as long.
struct template_set {
    std::string name;
    std::string_view text;
    std::map<std::string, body, std::less<>> bodies;  // the text's own under `name`
    std::deque<base::secret_text> unquoted;           // texts of literals, which others point to
};

// Only white space and definitions: may be defined once more.
bool is_empty(body const& b) noexcept;

// As Go prints the node in messages.
std::string text_of(operand const& o);
std::string text_of(command const& c);
std::string text_of(pipeline const& p);
std::string text_of(statement const& s);  // of a block only its head

// "NAME:LINE:COLUMN": lines from 1, columns in bytes from 0, as Go counts them.
std::string place_in(template_set const& set, std::size_t pos);

}  // namespace vsecm::gotmpl
