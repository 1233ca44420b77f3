#include "roles/sentinel/inputs.hpp"

#include "base/file.hpp"
#include "base/try.hpp"
#include "codec/utf8.hpp"
#include "crypto/generated_secret.hpp"
#include "crypto/root_key.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vsecm::roles::sentinel {

using base::errc;
using base::fail;
using base::secret_text;
using kind = secret_source::kind;

namespace {

base::result<secret_text> read_to_end(int fd, std::size_t max_len) {
    secret_text out;
    char block[16384];
    base::status outcome;
    for (;;) {
        auto const n = ::read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) outcome = fail(errc::storage, "reading standard input: {}", std::strerror(errno));
        if (n <= 0) break;
        out.append(std::string_view(block, static_cast<std::size_t>(n)));
        if (out.size() > max_len) {
            outcome = fail(errc::too_large, "standard input holds more than {} bytes", max_len);
            break;
        }
    }
    base::wipe(block, sizeof block);
    if (!outcome) return std::unexpected(std::move(outcome).error());
    return out;
}

base::result<secret_text> read_source(secret_source const& source, std::size_t max_len, int standard_input) {
    switch (source.from) {
        case kind::argument: return secret_text(source.text);
        case kind::standard_input: return read_to_end(standard_input, max_len);
        case kind::file: return base::read_file(std::string(source.text), max_len);
        case kind::pattern: return crypto::generate_secret(source.text);
        case kind::none: break;
    }
    return secret_text{};
}

// Lines that hold something, without white space around them. "\n" written as two characters ends a line too (no part of
// a key has a backslash): that is how keys arrive through shells and manifests.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        auto const feed = text.find('\n');
        auto const written = text.find("\\n");
        auto const end = std::min(feed, written);
        auto const line = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + (end == written ? 2 : 1));
        if (auto const content = trimmed(line); !content.empty()) lines.push_back(content);
    }
    return lines;
}

}  // namespace

base::result<secret_text> read_secret(secret_source const& source, bool ciphertext, int standard_input) {
    VSECM_TRY(text, read_source(source, max_secret_len, standard_input));
    if (ciphertext) text = secret_text(trimmed(text.view()));
    if (text.empty()) return fail(errc::invalid, "the secret is empty; to remove a secret, delete it (-d)");
    if (!codec::is_valid_utf8(text.view())) return fail(errc::invalid, "the secret is not UTF-8 text: encode it, as base64 for instance");
    return text;
}

base::result<secret_text> read_data(secret_source const& source, int standard_input) {
    return read_source(source, max_secret_len, standard_input);
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n";
    auto const first = text.find_first_not_of(space);
    return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(space) - first + 1);
}

base::result<api::keys_request> read_root_key(secret_source const& source, int standard_input) {
    VSECM_TRY(text, read_source(source, max_root_key_len, standard_input));
    auto const lines = lines_of(text.view());
    if (lines.size() < 3)
        return fail(errc::invalid, "the root key has three lines (private key, public key, AES seed), {} came", lines.size());
    api::keys_request request{secret_text(lines[0]), std::string(lines[1]), secret_text(lines[2]), {}};
    for (auto const line : std::span(lines).subspan(3)) request.older.emplace_back(line);
    if (auto key = crypto::root_key::from_parts(lines[0], lines[1], lines[2], request.older); !key)
        return std::unexpected(std::move(key).error().within("this is no root key"));
    return request;
}

}  // namespace vsecm::roles::sentinel
