// Encrypting to, and opening, age v1 files with X25519 keys. C2SP age.md. What `age` writes opens here, and the other
// way round. Not supported: passphrases (scrypt), plugins, post-quantum recipients; files for those are errc::no_match.
//
// Errors of all readers: errc::no_match, well formed but for another key; errc::corrupt, malformed or not authentic,
// the text beginning "age header", "age header MAC", "age payload" or "age armor"; errc::too_large.
#pragma once

#include "crypto/age_format.hpp"
#include "crypto/age_stream.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vsecm::crypto {

// All of a file that does not depend on its content: header, nonce, payload key. It takes nearly all the time (two X25519
// operations a recipient), so it can be made ahead, while nobody waits. For one file: a second under the same key would
// give both away, so it cannot be copied, and encrypting consumes it.
class age_opening {
public:
    explicit age_opening(std::span<age_recipient const> recipients);
    age_opening(age_opening&&) noexcept = default;
    age_opening& operator=(age_opening&&) noexcept = default;

private:
    friend std::vector<std::uint8_t> age_encrypt(age_opening opening, base::byte_view plain);
    friend class age_writer;
    age_opening(std::span<age_recipient const> recipients, stack_key<age_file_key_len> const& file_key,
                std::array<std::uint8_t, age_nonce_len> const& nonce);
    std::string before_;  // header and nonce
    age_stream_key key_;
};

// A whole binary age file. Thread-safe.
std::vector<std::uint8_t> age_encrypt(age_opening opening, base::byte_view plain);
std::vector<std::uint8_t> age_encrypt(age_recipient const& recipient, base::byte_view plain);
std::vector<std::uint8_t> age_encrypt(std::span<age_recipient const> recipients, base::byte_view plain);

// Opens a whole file, binary or armored. errc::too_large if the plaintext exceeds `max_len`. Thread-safe.
base::result<base::secret_text> age_decrypt(age_identity const& identity, base::byte_view file, std::size_t max_len);
base::result<base::secret_text> age_decrypt(std::span<age_identity const> identities, base::byte_view file, std::size_t max_len);

// Encrypts a stream of any length into `out`, binary, holding one chunk. Without finish() the file stays incomplete, and
// no reader will accept it. Errors are the sink's.
class age_writer {
public:
    static base::result<age_writer> start(std::span<age_recipient const> recipients, byte_sink out);
    base::status write(base::byte_view plain);
    base::status finish();

private:
    age_writer(byte_sink out, age_stream_key key) : out_(std::move(out)), key_(key) {}
    base::status emit(age_chunk kind, base::byte_view plain);
    byte_sink out_;
    age_stream_key key_;
    base::secret_text pending_;
    std::vector<std::uint8_t> sealed_;
};

// Opens a stream of any length, binary or armored, holding one chunk. What next() gives was authenticated; the file as
// a whole was only once next() has said the end. After an error it stays in error.
class age_reader {
public:
    static base::result<age_reader> start(std::span<age_identity const> identities, byte_source in);
    // The next piece of plaintext, valid until the next call; empty at the end of an intact file.
    base::result<base::byte_view> next();

private:
    age_reader(byte_source in, age_stream_key key);
    byte_source in_;
    age_stream_key key_;
    std::vector<std::uint8_t> sealed_;  // one chunk
    base::secret_text plain_;
    enum class state { reading, after_last, ended, failed } state_ = state::reading;
};

}  // namespace vsecm::crypto
