// Tokens with a look ahead, and what is said when they are not as they should be.
#pragma once

#include "base/result.hpp"
#include "gotmpl/lexer.hpp"
#include "gotmpl/tree.hpp"

#include <vector>

namespace vsecm::gotmpl {

class token_stream {
public:
    explicit token_stream(template_set const& set) : set_(set), lexer_(set.text) {}

    token next();
    token peek();
    token next_word();  // that is no space
    token peek_word();
    void put_back(token const& t) { waiting_.push_back(t); }

    // errc::invalid, "template: NAME:LINE:COLUMN: what". The line is the one Go names, how far it has read; the column is
    // the culprit's own if it stands on that line.
    std::unexpected<base::error> refuse(std::string_view what) const { return refuse_at(latest_.pos, what); }
    std::unexpected<base::error> refuse(std::string_view what, std::uint32_t culprit_pos) const;
    std::unexpected<base::error> refuse_at(std::uint32_t pos, std::string_view what, base::errc code = base::errc::invalid) const;
    std::uint32_t latest_pos() const noexcept { return latest_.pos; }
    // "unexpected TOKEN in WHERE", or the lexer's own message.
    std::unexpected<base::error> unexpected(token const& t, std::string_view where) const;

    // Where the action being read began; told when its end is missing lines later.
    static constexpr std::uint32_t no_action = ~std::uint32_t{0};
    std::uint32_t action_pos = no_action;

private:
    template_set const& set_;
    lexer lexer_;
    std::vector<token> waiting_;  // the next one last
    token latest_;
};

}  // namespace vsecm::gotmpl
