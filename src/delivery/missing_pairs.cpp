#include "delivery/missing_pairs.hpp"

namespace vsecm::delivery {
namespace {

constexpr std::string_view space = " \t\r\n";

// Where the quotes that open at `at` are closed (behind them); npos if they are not.
std::size_t behind_quotes(std::string_view text, std::size_t at) noexcept {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') ++at;
        else if (text[at] == '"') return at + 1;
    }
    return text.npos;
}

// A key, a colon and no value.
bool is_missing(std::string_view pair) noexcept {
    auto const last = pair.find_last_not_of(space);
    pair = pair.substr(0, last == pair.npos ? 0 : last + 1);
    if (!pair.ends_with(no_value)) return false;
    pair.remove_suffix(no_value.size());
    auto const colon = pair.find_last_not_of(space);
    return colon != pair.npos && pair[colon] == ':';
}

// The pieces of the text, one after the other: up to the next comma or brace, which ends it.
class filter {
public:
    explicit filter(std::string_view text) : text_(text) { out_.reserve(text.size()); }

    without_missing run() {
        std::size_t at = 0;
        while (at < text_.size()) {
            if (text_[at] == '"') {
                at = behind_quotes(text_, at);
                if (at == text_.npos) break;
                continue;
            }
            bool const ends = text_[at] == ',' || text_[at] == '{' || text_[at] == '}';
            if (ends) piece_ends(at);
            ++at;
            if (ends) begin_ = at;
        }
        piece_ends(text_.size(), at == text_.npos);
        return {std::move(out_), num_dropped_};
    }

private:
    // `end`: where what ends the piece is, or the end of the text.
    void piece_ends(std::size_t end, bool in_quotes = false) {
        auto const piece = text_.substr(begin_, end - begin_);
        bool const comma = end < text_.size() && text_[end] == ',';
        if (in_quotes || !is_missing(piece)) {
            if (comma_waits_) out_.push_back(',');
            out_.append(piece);
            comma_waits_ = comma;
        } else {
            ++num_dropped_;
            // The space in front of a closing brace is layout and stays.
            if (!comma) out_.append(piece.substr(piece.rfind(no_value) + no_value.size()));
        }
        if (end < text_.size() && !comma) {
            out_.push_back(text_[end]);
            comma_waits_ = false;
        }
    }

    std::string_view text_;
    std::size_t begin_ = 0;
    bool comma_waits_ = false;  // the comma behind the last piece that stayed, to be written before the next that does
    base::secret_text out_;
    std::size_t num_dropped_ = 0;
};

}  // namespace

without_missing drop_missing_pairs(base::secret_text&& text) {
    if (!text.view().contains(no_value)) return {std::move(text), 0};
    return filter(text.view()).run();
}

}  // namespace vsecm::delivery
