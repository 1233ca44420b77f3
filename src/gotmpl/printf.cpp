#include "gotmpl/printf.hpp"

#include "codec/utf8.hpp"
#include "gotmpl/formatter.hpp"

#include <algorithm>
#include <utility>

namespace vsecm::gotmpl {
namespace {

constexpr int largest_number = 1'000'000;  // Go's: widths and precisions beyond it are none

// One run over a format. The order in which things are read and refused is Go's, and so is what a mistake leaves behind.
class format_run {
public:
    format_run(text_sink& out, std::string_view format, std::span<value const> arguments)
        : out_(out), formatter_(out), format_(format), arguments_(arguments) {}

    void run() {
        while (at_ < format_.size() && !out_.overflowed()) {
            auto const plain = format_.substr(at_, format_.find('%', at_) - at_);
            out_.write(plain);
            at_ += plain.size();
            if (at_ == format_.size()) break;
            ++at_;
            directive();
        }
        if (!reordered_) write_extra();
    }

private:
    void directive();
    void read_flags();
    void read_width();
    void read_precision();
    bool read_argument_index();  // [3]; true if one was there and well formed
    std::optional<int> read_number();
    std::optional<int> number_from_argument();  // for *
    bool at(char c) const { return at_ < format_.size() && format_[at_] == c; }
    void write_mistake(char32_t verb, std::string_view what);
    void write_extra();

    text_sink& out_;
    formatter formatter_;
    std::string_view format_;
    std::span<value const> arguments_;
    std::size_t at_ = 0;
    std::size_t next_argument_ = 0;
    bool reordered_ = false;
    bool index_is_good_ = true;
    bool after_index_ = false;
};

void format_run::directive() {
    formatter_.flags = {};
    index_is_good_ = true;
    read_flags();
    after_index_ = read_argument_index();
    read_width();
    read_precision();
    if (!after_index_) after_index_ = read_argument_index();
    if (at_ >= format_.size()) return out_.write("%!(NOVERB)");

    auto const rune = codec::decode_rune(format_.substr(at_));
    auto const verb = rune.code;
    at_ += rune.len;
    if (verb == '%') return out_.write('%');
    if (!index_is_good_) return write_mistake(verb, "(BADINDEX)");
    if (next_argument_ >= arguments_.size()) return write_mistake(verb, "(MISSING)");
    auto& flags = formatter_.flags;
    if (verb == 'v' || verb == 'w') {
        flags.go_syntax = std::exchange(flags.sharp, false);
        flags.plus = false;
    }
    formatter_.write(arguments_[next_argument_++], verb);
}

void format_run::read_flags() {
    auto& flags = formatter_.flags;
    for (; at_ < format_.size(); ++at_) switch (format_[at_]) {
            case '#': flags.sharp = true; break;
            case '0': flags.zero = true; break;
            case '+': flags.plus = true; break;
            case '-': flags.minus = true; break;
            case ' ': flags.space = true; break;
            default: return;
        }
}

void format_run::read_width() {
    auto& flags = formatter_.flags;
    if (!at('*')) {
        flags.width = read_number();
        if (after_index_ && flags.width) index_is_good_ = false;  // %[3]2d
        return;
    }
    ++at_;
    flags.width = number_from_argument();
    if (!flags.width) out_.write("%!(BADWIDTH)");
    if (flags.width.value_or(0) < 0) {
        flags.width = -*flags.width;
        flags.minus = true;
        flags.zero = false;
    }
    after_index_ = false;
}

void format_run::read_precision() {
    auto& flags = formatter_.flags;
    if (!at('.') || at_ + 1 >= format_.size()) return;
    ++at_;
    if (after_index_) index_is_good_ = false;  // %[3].2d
    after_index_ = read_argument_index();
    if (!at('*')) {
        flags.precision = read_number().value_or(0);
        return;
    }
    ++at_;
    flags.precision = number_from_argument();
    if (flags.precision.value_or(0) < 0) flags.precision.reset();
    if (!flags.precision) out_.write("%!(BADPREC)");
    after_index_ = false;
}

bool format_run::read_argument_index() {
    if (!at('[')) return false;
    reordered_ = true;
    auto const close = format_.find(']', at_);
    out_.toil(std::min(close, format_.size()) - at_);
    if (format_.size() - at_ < 3 || close == format_.npos) {
        index_is_good_ = false;
        ++at_;
        return false;
    }
    auto const outer = std::exchange(format_, format_.substr(0, close));
    ++at_;
    auto const number = read_number();
    bool const well_formed = number && at_ == close;
    format_ = outer;
    at_ = close + 1;
    bool const in_range = well_formed && *number >= 1 && static_cast<std::size_t>(*number) <= arguments_.size();
    if (in_range) next_argument_ = static_cast<std::size_t>(*number) - 1;
    else index_is_good_ = false;
    return well_formed;
}

// A number that is far too large swallows the rest of the format.
std::optional<int> format_run::read_number() {
    std::optional<int> number;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
        if (number.value_or(0) > largest_number) {
            at_ = format_.size();
            return std::nullopt;
        }
        number = number.value_or(0) * 10 + (format_[at_] - '0');
    }
    return number;
}

std::optional<int> format_run::number_from_argument() {
    if (next_argument_ >= arguments_.size()) return std::nullopt;
    auto const& v = arguments_[next_argument_++];
    if (auto const* byte = v.get_if<std::uint8_t>()) return *byte;
    auto const* const whole = v.get_if<std::int64_t>();
    if (whole == nullptr || *whole > largest_number || *whole < -largest_number) return std::nullopt;
    return static_cast<int>(*whole);
}

void format_run::write_mistake(char32_t verb, std::string_view what) {
    out_.write("%!");
    out_.write_rune(verb);
    out_.write(what);
}

void format_run::write_extra() {
    if (next_argument_ >= arguments_.size()) return;
    formatter_.flags = {};
    out_.write("%!(EXTRA ");
    for (auto i = next_argument_; i < arguments_.size(); ++i) {
        if (i > next_argument_) out_.write(", ");
        if (!arguments_[i].is_nil()) {
            out_.write(type_name(arguments_[i]));
            out_.write('=');
        }
        formatter_.write(arguments_[i], 'v');
    }
    out_.write(')');
}

}  // namespace

void print(text_sink& out, std::span<value const> arguments) {
    bool after_text = true;  // no space before the first
    for (auto const& v : arguments) {
        bool const is_text = v.get_if<std::string_view>() != nullptr;
        if (!is_text && !after_text) out.write(' ');
        formatter(out).write(v, 'v');
        after_text = is_text;
    }
}

void print_line(text_sink& out, std::span<value const> arguments) {
    for (auto const& v : arguments) {
        if (&v != arguments.data()) out.write(' ');
        formatter(out).write(v, 'v');
    }
    out.write('\n');
}

void print_formatted(text_sink& out, std::string_view format, std::span<value const> arguments) {
    format_run(out, format, arguments).run();
}

}  // namespace vsecm::gotmpl
