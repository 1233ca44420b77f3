#include "spiffe/go_syntax.hpp"

#include "base/try.hpp"

#include <charconv>

namespace vsecm::spiffe {
namespace {

constexpr unsigned most_repeats = 1000;  // Go's limit
constexpr std::string_view quantifiers = "*+?{";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

base::status no(std::string_view construct) { return base::fail(base::errc::invalid, "Go has no `{}`", construct); }

// Reads an expression once, from left to right; `rest_` is what is not read yet.
class scanner {
public:
    explicit scanner(std::string_view expression) : rest_(expression) {}

    base::status run() {
        while (!rest_.empty()) {
            if (rest_[0] == '(') VSECM_TRY_OK(group());
            else if (rest_[0] == '[') VSECM_TRY_OK(char_class());
            else if (rest_[0] == '\\') VSECM_TRY_OK(escape("AbBz", true));
            else if (quantifiers.contains(rest_[0])) VSECM_TRY_OK(quantifier());
            else rest_.remove_prefix(1);
        }
        return {};
    }

private:
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    template <class Test>
    std::string_view take_while(Test test) {
        std::size_t len = 0;
        while (len < rest_.size() && test(rest_[len])) ++len;
        auto const taken = rest_.substr(0, len);
        rest_.remove_prefix(len);
        return taken;
    }

    // "(", "(?:", "(?P<name>", "(?<name>", "(?flags)" and "(?flags:". A quantifier cannot begin a group.
    base::status group() {
        auto const begin = rest_;
        rest_.remove_prefix(1);
        if (rest_.starts_with('*')) return no("(*");
        if (!take("?")) return {};
        bool const looks_behind = rest_.starts_with("<=") || rest_.starts_with("<!");
        if (!looks_behind && (take("P<") || take("<"))) return {};
        if (looks_behind || rest_.starts_with('P')) return no(begin.substr(0, 4));
        bool flags_seen = false;
        bool clearing = false;
        for (; !rest_.empty(); rest_.remove_prefix(1)) {
            char const c = rest_[0];
            if (c == ':' || c == ')') {
                if (clearing && !flags_seen) break;
                if (c == ':') rest_.remove_prefix(1);
                return {};
            }
            if (c == '-' && !clearing) {
                clearing = true;
                flags_seen = false;
            } else if (std::string_view("imsU").contains(c)) {
                flags_seen = true;
            } else {
                break;
            }
        }
        return no(begin.substr(0, begin.size() - rest_.size() + 1));
    }

    // After a whole quantifier, with its lazy "?", another one is possessive, or PCRE2's own nesting.
    base::status quantifier() {
        auto const begin = rest_;
        if (!take("*") && !take("+") && !take("?")) VSECM_TRY_OK(counted());
        take("?");
        if (!rest_.empty() && quantifiers.contains(rest_[0])) return no(begin.substr(0, begin.size() - rest_.size() + 1));
        return {};
    }

    // "{2}", "{2,}", "{2,3}". PCRE2 takes blanks and "{,3}" as well, which are plain text in Go.
    base::status counted() {
        auto const begin = rest_;
        take("{");
        auto const least = take_while(is_digit);
        auto most = least;
        if (take(",")) most = take_while(is_digit);
        if (least.empty() || !take("}")) return base::fail(base::errc::invalid, "a literal `{{` is written `\\{{`");
        for (auto const digits : {least, most}) {
            if (digits.empty()) continue;
            unsigned count = 0;
            auto const parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
            if (parsed.ec != std::errc{} || count > most_repeats)
                return no(begin.substr(0, begin.size() - rest_.size()));
        }
        return {};
    }

    base::status char_class() {
        rest_.remove_prefix(1);
        take("^");
        take("]");  // first, it is itself
        while (!rest_.empty() && !take("]")) {
            // "[:" begins the name of a class wherever a ":]" follows, near or far.
            if (auto const end = rest_.find(":]", 2); rest_.starts_with("[:") && end != rest_.npos) {
                take("[:");
                take("^");
                auto const name = take_while(is_letter);
                if (name.empty() || !take(":]")) return no("[:" + std::string(name) + rest_.front());
            } else if (rest_[0] == '\\') {
                VSECM_TRY_OK(escape("", false));
            } else {
                rest_.remove_prefix(1);
            }
        }
        return {};
    }

    // A backslash and what belongs to it. `here` are letters that mean something at this place only.
    base::status escape(std::string_view here, bool may_quote) {
        auto const begin = rest_.substr(0, 2);
        if (begin.size() < 2) return no("\\");
        char const c = begin[1];
        rest_.remove_prefix(2);
        if (c == 'Q' && may_quote) {
            auto const end = rest_.find("\\E");
            rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 2);
            return {};
        }
        if (c == 'x') return hex();
        if (c == 'p' || c == 'P') return property();
        if (!is_letter(c) && !is_digit(c)) return {};  // punctuation, itself
        if (std::string_view("0afnrtdDsSwW").contains(c) || here.contains(c)) return {};
        if (c == 'v') return base::fail(base::errc::invalid, "`\\v` is not the same here and in Go; write `\\x0b`");
        return no(begin);
    }

    base::status hex() {
        bool const braces = take("{");
        auto const digits = take_while(is_hex);
        if (braces ? !digits.empty() && take("}") : digits.size() >= 2) return {};
        return no("\\x");
    }

    base::status property() {
        if (!take("{")) {
            auto const letter = rest_.substr(0, 1);
            rest_.remove_prefix(letter.size());
            return !letter.empty() && std::string_view("CLMNPSZ").contains(letter[0]) ? base::status{} : no("\\p");
        }
        take("^");
        auto const name = take_while([](char c) { return c == '_' || is_letter(c); });
        // PCRE2's own properties begin with X.
        return !name.empty() && !name.starts_with('X') && take("}") ? base::status{} : no("\\p{" + std::string(name));
    }

    std::string_view rest_;
};

}  // namespace

base::status check_go_syntax(std::string_view expression) { return scanner(expression).run(); }

}  // namespace vsecm::spiffe
