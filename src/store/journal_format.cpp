#include "store/journal_format.hpp"

#include "api/secret.hpp"
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/hkdf.hpp"
#include "store/file_name.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <iterator>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

// "block <length of what follows> <its SHA-256>\n"
constexpr std::string_view block_word = "block ";

void append(std::vector<std::uint8_t>& out, base::byte_view bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Takes lines and counted bytes off the front; every member is an error beyond the end.
class cursor {
public:
    explicit cursor(std::string_view text) : rest_(text) {}
    bool at_end() const noexcept { return rest_.empty(); }
    std::size_t left() const noexcept { return rest_.size(); }
    bool skip(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    base::result<std::uint64_t> number(char end) {
        VSECM_TRY(digits, word(end));
        std::uint64_t n = 0;
        auto const [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
        if (code != std::errc{} || stop != digits.data() + digits.size()) return fail(errc::corrupt, "the journal has a bad number");
        return n;
    }
    base::result<std::string_view> word(char end) {
        auto const at = rest_.find(end);
        if (at == std::string_view::npos) return fail(errc::corrupt, "the journal ends within a line");
        auto const found = rest_.substr(0, at);
        rest_.remove_prefix(at + 1);
        return found;
    }
    base::result<std::string_view> bytes(std::size_t len) {
        if (len > rest_.size()) return fail(errc::corrupt, "the journal ends within a record");
        auto const found = rest_.substr(0, len);
        rest_.remove_prefix(len);
        return found;
    }

private:
    std::string_view rest_;
};

base::result<journal_entry> take_entry(cursor& in) {
    journal_entry entry;
    VSECM_TRY(version, in.number(' '));
    VSECM_TRY(replaces, in.number(' '));
    VSECM_TRY(len, in.number(' '));
    VSECM_TRY(stem, in.word('\n'));
    VSECM_TRY(sealed, in.bytes(len));
    // Only what we would have written ourselves: no journal leads out of the folder.
    if (!decode_stem(stem) || stem.size() > api::max_encoded_name_len) return fail(errc::corrupt, "the journal has a bad name");
    entry.stem = stem;
    entry.version = version;
    entry.replaces = replaces;
    auto const raw = base::as_bytes(sealed);
    entry.sealed.assign(raw.begin(), raw.end());
    return entry;
}

base::result<std::vector<journal_entry>> take_block(cursor& in) {
    if (!in.skip(block_word)) return fail(errc::corrupt, "a block of the journal has no beginning");
    VSECM_TRY(len, in.number(' '));
    VSECM_TRY(hash, in.word('\n'));
    VSECM_TRY(body, in.bytes(len));
    if (base::hex_encode(crypto::sha256(base::as_bytes(body))) != hash) return fail(errc::corrupt, "a block of the journal is not whole");
    cursor inside(body);
    std::vector<journal_entry> entries;
    while (!inside.at_end()) {
        VSECM_TRY(entry, take_entry(inside));
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace

std::vector<std::uint8_t> print_block(std::span<journal_entry const> entries) {
    std::vector<std::uint8_t> body;
    std::size_t len = 0;
    for (auto const& e : entries) len += e.stem.size() + e.sealed.size() + 64;
    body.reserve(len);
    for (auto const& e : entries) {
        append(body, base::as_bytes(std::format("{} {} {} {}\n", e.version, e.replaces, e.sealed.size(), e.stem)));
        append(body, e.sealed);
    }
    std::vector<std::uint8_t> block;
    block.reserve(body.size() + 128);
    append(block, base::as_bytes(std::format("{}{} {}\n", block_word, body.size(), base::hex_encode(crypto::sha256(body)))));
    append(block, body);
    return block;
}

journal_content parse_journal(base::byte_view bytes) {
    journal_content content;
    cursor in(base::as_text(bytes));
    while (!in.at_end()) {
        auto const left = in.left();
        auto block = take_block(in);
        if (!block) {
            content.num_dropped = left;
            break;
        }
        std::ranges::move(*block, std::back_inserter(content.entries));
    }
    return content;
}

base::result<journal_content> read_journal(base::file_layer& files, std::string const& folder) {
    constexpr std::size_t with_lines = 2 * max_journal_len;
    auto const bytes = files.read(folder + "/" + std::string(journal_file), with_lines);
    if (bytes) return parse_journal(bytes->bytes());
    if (bytes.error().code == errc::not_found) return journal_content{{}, 0, false};
    return std::unexpected(bytes.error());
}

}  // namespace vsecm::store
