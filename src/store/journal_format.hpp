// The bytes of the journal: one block for each batch. docs/record-format.md, "A crowd of writers".
#pragma once

#include "base/file.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vsecm::store {

inline constexpr std::string_view journal_file = ".journal";

// One record on its way to `<stem>.age`, as ciphertext.
struct journal_entry {
    std::string stem;
    std::uint64_t version = 0;
    std::uint64_t replaces = 0;  // version of the present record before it, 0 if there was none
    std::vector<std::uint8_t> sealed;
};

// Ciphertext in one block, and in all of them.
inline constexpr std::size_t max_block_len = 16U << 20;
inline constexpr std::size_t max_journal_len = 4 * max_block_len;
inline constexpr std::size_t max_journal_file_len = 2 * max_journal_len;  // with the lines between

std::vector<std::uint8_t> print_block(std::span<journal_entry const> entries);

// The entries of all whole blocks, in the order they were written. A last block that ends too early was still being written
// when the lights went out, and nobody was told OK for any of it; anything else that is not a whole block is damage.
struct journal_content {
    std::vector<journal_entry> entries;
    std::size_t num_unfinished = 0, num_damaged = 0;  // bytes
    bool exists = true;                               // false: there is no file
};
journal_content parse_journal(base::byte_view bytes);

// The journal in `folder`; no entries if there is none. errc::storage if the disk cannot be read, errc::too_large or
// errc::invalid if it is nothing that we wrote.
base::result<journal_content> read_journal(base::file_layer& files, std::string const& folder);

}  // namespace vsecm::store
