// What stands inside an action: pipelines, commands, operands.
#pragma once

#include "gotmpl/token_stream.hpp"

#include <optional>

namespace vsecm::gotmpl {

class pipeline_parser {
public:
    pipeline_parser(token_stream& tokens, template_set& set, std::size_t max_nesting)
        : tokens_(tokens), set_(set), max_nesting_(max_nesting) {}

    // Up to and with `end`. `where` is what messages call it: "command", "range", "template clause" ...
    base::result<pipeline> read(std::string_view where, token_kind end);
    // The text of a literal in either kind of quotes; it lives in the template or in the set.
    base::result<std::string_view> unquoted(token const& literal);

    // Those that may be used where the parser stands; whoever opens a block cuts them back at its end.
    std::vector<std::string_view> variables{"$"};

private:
    base::status declarations(pipeline& p, std::string_view where);
    base::result<command> read_command();
    base::result<std::optional<operand>> read_operand();  // nothing: what follows is none
    base::result<std::optional<operand>> read_term();
    base::result<operand> read_constant(token const& t);
    base::result<operand> read_group(token const& opening);

    token_stream& tokens_;
    template_set& set_;
    std::size_t max_nesting_;
    std::size_t open_groups_ = 0;
};

}  // namespace vsecm::gotmpl
