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
    bool has(char c) const noexcept { return rest_.find(c) != std::string_view::npos; }
    bool could_become(std::string_view word) const noexcept { return word.starts_with(rest_); }
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

// errc::unavailable if the block goes on beyond the end of the file, errc::corrupt if it is wrong.
base::result<std::vector<journal_entry>> take_block(cursor& in) {
    if (!in.skip(block_word)) return fail(in.could_become(block_word) ? errc::unavailable : errc::corrupt, "a block of the journal has no beginning");
    bool const has_line = in.has('\n');
    auto const broken = [&](std::string_view what) { return fail(has_line ? errc::corrupt : errc::unavailable, "{}", what); };
    auto const len = in.number(' ');
    if (!len) return broken("a block of the journal has no length");
    auto const hash = in.word('\n');
    if (!hash) return broken("a block of the journal has no hash");
    auto const body = in.bytes(*len);
    if (!body) return fail(errc::unavailable, "a block of the journal is cut short");
    if (base::hex_encode(crypto::sha256(base::as_bytes(*body))) != *hash) return fail(errc::corrupt, "a block of the journal is damaged");
    cursor inside(*body);
    std::vector<journal_entry> entries;
    while (!inside.at_end()) {
        VSECM_TRY(entry, take_entry(inside));
        entries.push_back(std::move(entry));
    }
    return entries;
}

// The next place at or after `from` where a whole block begins; the end if there is none.
std::size_t next_block(std::string_view text, std::size_t from) {
    for (auto at = text.find(block_word, from); at != std::string_view::npos; at = text.find(block_word, at + 1)) {
        cursor in(text.substr(at));
        if (take_block(in)) return at;
    }
    return text.size();
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
    auto const text = base::as_text(bytes);
    for (std::size_t at = 0; at < text.size();) {
        cursor in(text.substr(at));
        auto block = take_block(in);
        if (block) {
            std::ranges::move(*block, std::back_inserter(content.entries));
            at = text.size() - in.left();
            continue;
        }
        auto const next = next_block(text, at + 1);
        bool const unfinished = next == text.size() && block.error().code == errc::unavailable;
        (unfinished ? content.num_unfinished : content.num_damaged) += next - at;
        at = next;
    }
    return content;
}

base::result<journal_content> read_journal(base::file_layer& files, std::string const& folder) {
    auto const bytes = files.read(folder + "/" + std::string(journal_file), max_journal_file_len);
    if (bytes) return parse_journal(bytes->bytes());
    if (bytes.error().code == errc::not_found) return journal_content{{}, 0, 0, false};
    return std::unexpected(bytes.error());
}

}  // namespace vsecm::store
