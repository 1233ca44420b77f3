#include "crypto/age.hpp"

#include "crypto/age_armor.hpp"
#include "crypto/value_cipher.hpp"
#include "support.hpp"

#include <algorithm>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

constexpr std::size_t no_limit = std::size_t{1} << 30;
constexpr std::size_t edges[] = {0, 1, 16, 65535, 65536, 65537, 131071, 131072, 131073, 1 << 20, 10 << 20};

// Opens through the streaming reader, fed at most `step` bytes a time; all that came out, and how it ended.
struct streamed {
    bytes plain;
    status end;
};
streamed read_stream(age_identity const& identity, byte_view file, std::size_t step) {
    streamed out;
    auto reader = age_reader::start(std::span(&identity, 1), [rest = file, step](byte_span to) mutable -> result<std::size_t> {
        auto const n = std::min({to.size(), rest.size(), step});
        std::copy_n(rest.begin(), n, to.begin());
        rest = rest.subspan(n);
        return n;
    });
    if (!reader) {
        out.end = std::unexpected(reader.error());
        return out;
    }
    for (;;) {
        auto const piece = reader->next();
        if (!piece) {
            out.end = std::unexpected(piece.error());
            CHECK_FALSE(reader->next().has_value());  // and it stays so
            return out;
        }
        if (piece->empty()) return out;
        out.plain.insert(out.plain.end(), piece->begin(), piece->end());
    }
}

bytes write_stream(age_recipient const& to, byte_view plain, std::size_t step) {
    bytes file;
    auto writer = age_writer::start(std::span(&to, 1), [&](byte_view piece) -> status {
        file.insert(file.end(), piece.begin(), piece.end());
        return {};
    });
    REQUIRE(writer);
    for (; !plain.empty(); plain = plain.subspan(std::min(step, plain.size()))) REQUIRE(writer->write(plain.first(std::min(step, plain.size()))));
    REQUIRE(writer->finish());
    return file;
}

bool equal(byte_view a, byte_view b) { return std::ranges::equal(a, b); }

}  // namespace

TEST_CASE("what we encrypt we open, around every chunk edge, whole and streamed") {
    auto const identity = age_identity::generate();
    for (auto const len : edges) {
        INFO(len);
        auto const plain = noise(len);
        auto const file = age_encrypt(identity.recipient(), plain);
        auto const num_chunks = len == 0 ? 1 : (len + 65535) / 65536;
        CHECK(file.size() == 168 + 16 + len + 16 * num_chunks);
        CHECK(equal(age_decrypt(identity, file, len).value().bytes(), plain));
        auto const from_stream = read_stream(identity, file, 7777);
        CHECK(from_stream.end.has_value());
        CHECK(equal(from_stream.plain, plain));
        auto const by_stream = write_stream(identity.recipient(), plain, 50'000);
        CHECK(by_stream.size() == file.size());
        CHECK(equal(age_decrypt(identity, by_stream, no_limit).value().bytes(), plain));
        if (len > 0) CHECK(age_decrypt(identity, file, len - 1).error().code == errc::too_large);
    }
}

TEST_CASE("the age command opens what we encrypt, binary and armored") {
    temp_folder folder;
    auto const identity = age_identity::generate();
    write_file(folder / "key", identity.print().bytes());
    for (auto const len : edges) {
        INFO(len);
        auto const plain = noise(len, 2);
        auto const file = age_encrypt(identity.recipient(), plain);
        write_file(folder / "binary", file);
        REQUIRE(run({"age", "-d", "-i", folder / "key", "-o", folder / "out", folder / "binary"}) == 0);
        CHECK(equal(read_bytes(folder / "out"), plain));
        write_file(folder / "armored", as_bytes(age_armor_encode(write_stream(identity.recipient(), plain, 12'345))));
        REQUIRE(run({"age", "-d", "-i", folder / "key", "-o", folder / "out2", folder / "armored"}) == 0);
        CHECK(equal(read_bytes(folder / "out2"), plain));
    }
}

TEST_CASE("we open what the age command encrypts, binary and armored") {
    temp_folder folder;
    REQUIRE(run({"age-keygen", "-o", folder / "key"}) == 0);
    auto const key_file = read_bytes(folder / "key");
    auto key_text = as_text(key_file);
    key_text.remove_prefix(key_text.find("AGE-SECRET-KEY-"));
    auto const identity = age_identity::parse(key_text.substr(0, 74)).value();
    REQUIRE(run({"age-keygen", "-y", folder / "key"}, folder / "public") == 0);
    CHECK(as_text(read_bytes(folder / "public")) == identity.recipient().print() + "\n");
    for (auto const len : edges) {
        auto const plain = noise(len, 3);
        write_file(folder / "plain", plain);
        for (std::string const form : {"", "--armor"}) {
            INFO(len << form);
            std::vector<std::string> command{"age", "-r", identity.recipient().print(), "-o", folder / "file", folder / "plain"};
            if (!form.empty()) command.insert(command.begin() + 1, form);
            REQUIRE(run(command) == 0);
            auto const file = read_bytes(folder / "file");
            CHECK(equal(age_decrypt(identity, file, no_limit).value().bytes(), plain));
            auto const from_stream = read_stream(identity, file, 100'000);
            CHECK(from_stream.end.has_value());
            CHECK(equal(from_stream.plain, plain));
        }
    }
}

TEST_CASE("no single changed bit of a small file goes unnoticed") {
    auto const identity = age_identity::generate();
    auto const file = age_encrypt(identity.recipient(), as_bytes("a secret of some length"));
    for (std::size_t i = 0; i < file.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = file;
            changed[i] ^= static_cast<std::uint8_t>(1 << bit);
            CHECK_FALSE(age_decrypt(identity, changed, no_limit).has_value());
        }
    for (std::size_t len = 0; len < file.size(); ++len) CHECK_FALSE(age_decrypt(identity, byte_view(file).first(len), no_limit).has_value());
    auto longer = file;
    longer.push_back(0);
    CHECK(age_decrypt(identity, longer, no_limit).error().code == errc::corrupt);
}

TEST_CASE("a file cut at or near a chunk edge never opens, and a stream gives only authentic chunks") {
    auto const identity = age_identity::generate();
    for (std::size_t const chunks : {1U, 2U, 3U}) {
        auto const plain = noise(chunks * age_chunk_len);
        auto const file = age_encrypt(identity.recipient(), plain);
        for (std::size_t edge = 0; edge <= chunks; ++edge) {
            auto const at = 168 + 16 + edge * age_sealed_chunk_len;
            for (int delta = -17; delta <= 17; ++delta) {
                auto const len = at + static_cast<std::size_t>(delta);
                if (len >= file.size()) continue;
                INFO(chunks << " chunks cut to " << len);
                CHECK_FALSE(age_decrypt(identity, byte_view(file).first(len), no_limit).has_value());
                auto const from_stream = read_stream(identity, byte_view(file).first(len), 1 << 20);
                CHECK_FALSE(from_stream.end.has_value());
                CHECK(from_stream.plain.size() % age_chunk_len == 0);
                CHECK(equal(from_stream.plain, byte_view(plain).first(from_stream.plain.size())));
            }
        }
        auto longer = file;
        longer.push_back(0);
        CHECK(read_stream(identity, longer, 1 << 20).end.error().code == errc::corrupt);
    }
}

TEST_CASE("chunks that are swapped, repeated or dropped are noticed") {
    auto const identity = age_identity::generate();
    auto const file = age_encrypt(identity.recipient(), noise(3 * age_chunk_len));
    auto const chunk = [&](std::size_t i) { return byte_view(file).subspan(184 + i * age_sealed_chunk_len, age_sealed_chunk_len); };
    auto const assemble = [&](std::initializer_list<std::size_t> order) {
        bytes out(file.begin(), file.begin() + 184);
        for (auto const i : order) out.insert(out.end(), chunk(i).begin(), chunk(i).end());
        return out;
    };
    CHECK(age_decrypt(identity, assemble({0, 1, 2}), no_limit).has_value());
    for (auto const& order : {assemble({1, 0, 2}), assemble({0, 0, 1, 2}), assemble({0, 2}), assemble({0, 1, 2, 2}), assemble({2}), assemble({0, 1})})
        CHECK(age_decrypt(identity, order, no_limit).error().code == errc::corrupt);
}

TEST_CASE("a file for another key is no match, and several identities are tried") {
    auto const mine = age_identity::generate();
    auto const older = age_identity::generate();
    auto const file = age_encrypt(older.recipient(), as_bytes("old"));
    CHECK(age_decrypt(mine, file, no_limit).error().code == errc::no_match);
    age_identity const ring[] = {mine.clone(), older.clone()};
    CHECK(age_decrypt(ring, file, no_limit).value().view() == "old");
}

TEST_CASE("a writer that is not finished leaves a file nobody accepts") {
    auto const identity = age_identity::generate();
    auto const to = identity.recipient();
    bytes file;
    auto writer = age_writer::start(std::span(&to, 1), [&](byte_view piece) -> status {
        file.insert(file.end(), piece.begin(), piece.end());
        return {};
    });
    REQUIRE(writer);
    REQUIRE(writer->write(noise(3 * age_chunk_len)));
    CHECK(age_decrypt(identity, file, no_limit).error().code == errc::corrupt);
}

TEST_CASE("an opening made ahead is used once") {
    auto const key = std::make_shared<root_key const>(root_key::generate());
    value_cipher const cipher(key, cipher_mode::age);
    std::vector<std::vector<std::uint8_t>> files;
    for (int i = 0; i < 3; ++i) {
        cipher.prepare();
        cipher.prepare();
        for (int k = 0; k < 2; ++k) files.push_back(cipher.encrypt(as_bytes("the same text")));
    }
    for (auto const& file : files) CHECK(cipher.decrypt(file)->view() == "the same text");
    for (std::size_t i = 0; i < files.size(); ++i)  // no two share a header, and so a key
        for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(std::equal(files[i].begin(), files[i].begin() + 150, files[j].begin()));
}

TEST_CASE("Q4: a sink's failure is the writer's failure") {
    auto const to = age_identity::generate().recipient();
    // The opening, two full chunks, the last one.
    for (int allowed = 0; allowed < 4; ++allowed) {
        int calls = 0;
        auto writer = age_writer::start(std::span(&to, 1), [&](byte_view) -> status {
            if (calls++ == allowed) return fail(errc::storage, "disk full");
            return {};
        });
        auto done = writer ? writer->write(noise(2 * age_chunk_len + 1)) : status(std::unexpected(writer.error()));
        if (done) done = writer->finish();
        INFO(allowed);
        REQUIRE_FALSE(done);
        CHECK(done.error().code == errc::storage);
    }
}
