#include "crypto/age_armor.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace vsecm::crypto {

using namespace base;

namespace {

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view white_space = " \t\r\n\v\f";
constexpr std::size_t columns = 64;
constexpr std::size_t bytes_per_line = columns / 4 * 3;
constexpr std::size_t max_white_space = 1024;

std::unexpected<error> bad(std::string_view why) { return fail(errc::corrupt, "age armor: {}", why); }

bool is_blank(std::string_view text) { return text.find_first_not_of(white_space) == std::string_view::npos; }

// Pulls text, gives the bytes in it line by line.
class armor_reader {
public:
    explicit armor_reader(byte_source text) : text_(std::move(text)) {}

    result<std::size_t> read(byte_span out) {
        if (given_ == decoded_.size()) {
            VSECM_TRY_OK(advance());
        }
        auto const n = std::min(out.size(), decoded_.size() - given_);
        if (n != 0) std::memcpy(out.data(), decoded_.data() + given_, n);
        given_ += n;
        return n;
    }

private:
    // Decodes the next line; at the end leaves nothing decoded.
    status advance() {
        decoded_.clear();
        given_ = 0;
        if (ended_) return {};
        if (!begun_) {
            VSECM_TRY_OK(find_begin());
        }
        VSECM_TRY(line, next_line());
        if (line == end_line) return drain();
        if (after_short_line_) return bad("a line that is not full is not the last");
        if (line.empty() || line.size() > columns) return bad("a line is not of 1 to 64 characters");
        auto bytes = base64_decode(line);
        if (!bytes) return bad("not canonical base64");
        after_short_line_ = bytes->size() < bytes_per_line;
        decoded_ = std::move(*bytes);
        return {};
    }

    status find_begin() {
        for (std::size_t skipped = 0;;) {
            VSECM_TRY(line, next_line());
            if (line == begin_line) break;
            if (!is_blank(line)) return bad("no BEGIN line");
            if ((skipped += line.size() + 1) > max_white_space) return bad("too much white space before it");
        }
        begun_ = true;
        return {};
    }

    // After the END line nothing but a little white space may come.
    status drain() {
        ended_ = true;
        std::array<std::uint8_t, max_white_space + 1> rest;
        std::size_t len = std::min(buffered_.size() - pos_, rest.size());
        std::memcpy(rest.data(), buffered_.data() + pos_, len);
        VSECM_TRY(more, read_fully(text_, byte_span(rest).subspan(len)));
        len += more;
        if (len > max_white_space || !is_blank(as_text(byte_view(rest).first(len)))) return bad("more after the END line");
        return {};
    }

    // Without its LF or CRLF. The last line of the input may lack them. The view is valid until the next call.
    result<std::string_view> next_line() {
        for (;;) {
            auto const end = buffered_.find('\n', pos_);
            if (end != std::string::npos) {
                auto line = std::string_view(buffered_).substr(pos_, end - pos_);
                pos_ = end + 1;
                if (line.ends_with('\r')) line.remove_suffix(1);
                return line;
            }
            if (buffered_.size() - pos_ > max_white_space + 2) return bad("a line is too long");
            buffered_.erase(0, pos_);
            pos_ = 0;
            auto const before = buffered_.size();
            buffered_.resize(before + 4096);
            VSECM_TRY(n, text_({reinterpret_cast<std::uint8_t*>(buffered_.data()) + before, 4096}));
            buffered_.resize(before + n);
            if (n == 0) {
                if (buffered_.empty()) return bad("cut short");
                buffered_.push_back('\n');
            }
        }
    }

    byte_source text_;
    std::string buffered_;  // ciphertext only, so ordinary memory will do
    std::size_t pos_ = 0;
    std::vector<std::uint8_t> decoded_;
    std::size_t given_ = 0;
    bool begun_ = false;
    bool ended_ = false;
    bool after_short_line_ = false;
};

}  // namespace

bool looks_armored(byte_view file) noexcept {
    auto text = as_text(file);
    text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
    return text.starts_with("-----BEGIN");
}

std::string age_armor_encode(byte_view file) {
    std::string out(begin_line);
    out += '\n';
    while (!file.empty()) {
        auto const n = std::min(file.size(), bytes_per_line);
        out += base64_encode(file.first(n));
        out += '\n';
        file = file.subspan(n);
    }
    return out.append(end_line) += '\n';
}

result<std::vector<std::uint8_t>> age_armor_decode(byte_view text) {
    armor_reader reader(memory_source(text));
    std::vector<std::uint8_t> out;
    out.reserve(text.size() / 4 * 3);
    std::array<std::uint8_t, bytes_per_line> piece;
    for (;;) {
        VSECM_TRY(n, reader.read(piece));
        if (n == 0) return out;
        out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
    }
}

byte_source age_armor_source(byte_source text) {
    return [reader = std::make_unique<armor_reader>(std::move(text))](byte_span out) { return reader->read(out); };
}

status age_armor_writer::write(byte_view bytes) {
    if (!begun_) {
        begun_ = true;
        VSECM_TRY_OK(out_(as_bytes(begin_line)));
        VSECM_TRY_OK(out_(as_bytes("\n")));
    }
    std::string lines;
    while (!bytes.empty()) {
        auto const n = std::min(bytes.size(), bytes_per_line - line_.size());
        line_.insert(line_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        bytes = bytes.subspan(n);
        if (line_.size() < bytes_per_line) break;
        lines += base64_encode(line_) + "\n";
        line_.clear();
    }
    return lines.empty() ? status{} : out_(as_bytes(lines));
}

status age_armor_writer::finish() {
    VSECM_TRY_OK(write({}));
    std::string tail = line_.empty() ? "" : base64_encode(line_) + "\n";
    tail.append(end_line) += '\n';
    return out_(as_bytes(tail));
}

}  // namespace vsecm::crypto
