#include "gotmpl/token_stream.hpp"

#include "gotmpl/quote.hpp"

#include <format>

namespace vsecm::gotmpl {
namespace {

std::string text_of(token const& t) {
    constexpr std::size_t runes_shown = 10;
    if (t.kind == token_kind::end_of_text) return "EOF";
    if (t.kind >= token_kind::dot) return std::format("<{}>", t.text);
    return t.text.size() > runes_shown ? quoted(first_runes(t.text, runes_shown)) + "..." : quoted(t.text);
}

}  // namespace

token token_stream::next() {
    if (waiting_.empty()) return latest_ = lexer_.next();
    auto const t = waiting_.back();
    waiting_.pop_back();
    return t;
}

token token_stream::peek() {
    auto const t = next();
    put_back(t);
    return t;
}

token token_stream::next_word() {
    auto t = next();
    while (t.kind == token_kind::space) t = next();
    return t;
}

token token_stream::peek_word() {
    auto const t = next_word();
    put_back(t);
    return t;
}

std::unexpected<base::error> token_stream::refuse_at(std::uint32_t pos, std::string_view what, base::errc code) const {
    return base::fail(code, "template: {}: {}", place_in(set_, pos), shortened(what));
}

std::unexpected<base::error> token_stream::refuse(std::string_view what, std::uint32_t culprit_pos) const {
    bool const same_line = !set_.text.substr(culprit_pos, latest_.pos - culprit_pos).contains('\n');
    return refuse_at(same_line ? culprit_pos : latest_.pos, what);
}

std::unexpected<base::error> token_stream::unexpected(token const& t, std::string_view where) const {
    if (t.kind != token_kind::error) return refuse(std::format("unexpected {} in {}", text_of(t), where), t.pos);
    std::string what(t.text);
    if (action_pos != no_action && set_.text.substr(action_pos, t.pos - action_pos).contains('\n')) {
        auto const place = place_in(set_, action_pos);
        what += what.ends_with(" action") ? " started at " : " in action started at ";
        what.append(place, 0, place.rfind(':'));
    }
    return refuse(what, t.pos);
}

}  // namespace vsecm::gotmpl
