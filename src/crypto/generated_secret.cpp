#include "crypto/generated_secret.hpp"

#include "base/try.hpp"
#include "crypto/random.hpp"

#include <algorithm>
#include <bitset>
#include <charconv>
#include <string>

namespace vsecm::crypto {

using base::errc;
using base::fail;
using base::secret_text;

namespace {

constexpr std::string_view letters_and_digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view digits = letters_and_digits.substr(52);
constexpr std::string_view symbols = "!@#$%^&*()-_+={}[]|<>,.?/";

class generator {
public:
    explicit generator(std::string_view pattern) : pattern_(pattern) {}

    base::result<secret_text> run() {
        if (pattern_.size() > max_generated_len) return too_long();
        // Reserved whole, so that no part of a secret is left behind in a smaller block; the allocator would wipe it, too.
        out_.reserve(pattern_.size());
        while (at_ < pattern_.size()) {
            if (pattern_[at_] == '[' && opens_a_class()) VSECM_TRY_OK(expand());
            else out_.push_back(pattern_[at_++]);
        }
        if (num_classes_ == 0) return fail(errc::invalid, "the pattern has no part like [a-z]{{8}}: nothing would be random");
        if (out_.size() > max_generated_len) return too_long();
        return std::move(out_);
    }

private:
    // `[` up to the next bracket, which closes it, and a brace right behind. Anything else is ordinary text, as in JSON.
    bool opens_a_class() const {
        auto const end = pattern_.find_first_of("[]", at_ + 1);
        return end != pattern_.npos && pattern_[end] == ']' && pattern_.substr(end + 1).starts_with('{');
    }

    base::status expand() {
        auto const start = at_++;
        std::bitset<128> named;
        while (pattern_[at_] != ']') VSECM_TRY_OK(pattern_[at_] == '\\' ? read_escape(named) : read_range(named));
        if (named.none()) return bad(start, "the class is empty");
        ++at_;
        VSECM_TRY(count, read_count());
        std::string characters;
        for (std::size_t c = 0; c < named.size(); ++c)
            if (named[c]) characters.push_back(static_cast<char>(c));
        out_.reserve(out_.size() + count);
        for (std::size_t i = 0; i < count; ++i) out_.push_back(characters[random_below(static_cast<std::uint32_t>(characters.size()))]);
        ++num_classes_;
        return {};
    }

    base::status read_escape(std::bitset<128>& named) {
        auto const start = at_;
        at_ += pattern_.substr(at_).starts_with(R"(\\)") ? 2 : 1;
        switch (pattern_[at_]) {
            case 'w':
                add(named, letters_and_digits);
                add(named, symbols);
                break;
            case 'd': add(named, digits); break;
            case 'x': add(named, symbols); break;
            default: return bad(start, R"(a backslash goes before w, d or x)");
        }
        ++at_;
        return {};
    }

    // One character, or two with a hyphen between.
    base::status read_range(std::bitset<128>& named) {
        auto const start = at_;
        auto const first = letters_and_digits.find(pattern_[at_++]);
        if (first == letters_and_digits.npos) {
            return bad(start, pattern_[start] == '-' ? "a hyphen goes between the two ends of a range"
                                                     : R"(a class has letters, digits, ranges of them, and \w, \d, \x)");
        }
        auto last = first;
        if (pattern_[at_] == '-') {
            last = letters_and_digits.find(pattern_[at_ + 1]);
            if (last == letters_and_digits.npos) return bad(at_, "a hyphen goes between the two ends of a range");
            if (last < first) return bad(start, "the range runs backwards: the order is a-z, A-Z, 0-9");
            at_ += 2;
        }
        add(named, letters_and_digits.substr(first, last - first + 1));
        return {};
    }

    base::result<std::size_t> read_count() {
        auto const start = at_++;
        std::size_t count = 0;
        auto const* const text = pattern_.data() + at_;
        auto const [end, problem] = std::from_chars(text, pattern_.data() + pattern_.size(), count);
        if (problem == std::errc::result_out_of_range) return too_long();
        at_ += static_cast<std::size_t>(end - text);
        if (problem != std::errc{} || count == 0 || !pattern_.substr(at_).starts_with('}'))
            return bad(start, "a class is followed by how many characters it gives, as {8}");
        if (count > max_generated_len || out_.size() + count > max_generated_len) return too_long();
        ++at_;
        return count;
    }

    static void add(std::bitset<128>& named, std::string_view characters) {
        for (char const c : characters) named.set(static_cast<unsigned char>(c));
    }

    // Characters, not bytes: continuation bytes of UTF-8 do not count.
    std::unexpected<base::error> bad(std::size_t where, std::string_view what) const {
        auto const before = std::ranges::count_if(pattern_.substr(0, where), [](char c) { return (c & 0xc0) != 0x80; });
        return fail(errc::invalid, "column {} of the pattern: {}", before + 1, what);
    }
    static std::unexpected<base::error> too_long() {
        return fail(errc::too_large, "a pattern, and what is generated from it, may have {} bytes at most", max_generated_len);
    }

    std::string_view pattern_;
    std::size_t at_ = 0;
    secret_text out_;
    std::size_t num_classes_ = 0;
};

}  // namespace

base::result<secret_text> generate_secret(std::string_view pattern) { return generator(pattern).run(); }

}  // namespace vsecm::crypto
