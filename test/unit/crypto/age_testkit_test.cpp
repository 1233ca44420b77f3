// The published test vectors of the age format (test/vectors/age, C2SP CCTV): every failure in its own class.
#include "base/try.hpp"
#include "crypto/age.hpp"
#include "crypto/age_armor.hpp"
#include "crypto/hkdf.hpp"
#include "support.hpp"

#include <zlib.h>

#include <map>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

namespace {

struct vector_file {
    std::multimap<std::string, std::string> keys;
    bytes file;
    std::string get(std::string const& key) const {
        auto const it = keys.find(key);
        return it == keys.end() ? "" : it->second;
    }
};

bytes inflate(byte_view packed) {
    bytes out(64 << 20);
    uLongf len = out.size();
    REQUIRE(::uncompress(out.data(), &len, packed.data(), packed.size()) == Z_OK);
    out.resize(len);
    return out;
}

vector_file load(std::string const& name) {
    auto const raw = read_bytes(std::string(VSECM_TEST_VECTORS) + "/age/" + name);
    auto text = as_text(raw);
    vector_file out;
    while (!text.starts_with('\n')) {
        auto const line = text.substr(0, text.find('\n'));
        out.keys.emplace(line.substr(0, line.find(": ")), line.substr(line.find(": ") + 2));
        text.remove_prefix(line.size() + 1);
    }
    text.remove_prefix(1);
    out.file = out.get("compressed").empty() ? to_bytes(text) : inflate(as_bytes(text));
    return out;
}

// The class of an outcome, in the words of the vectors.
std::string class_of(result<secret_text> const& opened) {
    if (opened) return "success";
    auto const& what = opened.error().what;
    if (opened.error().code == errc::no_match) return "no match";
    CHECK((opened.error().code == errc::corrupt || opened.error().code == errc::unsupported));
    if (what.starts_with("age header MAC")) return "HMAC failure";
    if (what.starts_with("age header")) return "header failure";
    if (what.starts_with("age payload")) return "payload failure";
    if (what.starts_with("age armor")) return "armor failure";
    return what;
}

// Through the streaming reader; `released` is everything it let out.
result<secret_text> read_all(std::span<age_identity const> identities, byte_view file, secret_text& released) {
    VSECM_TRY(reader, age_reader::start(identities, memory_source(file)));
    for (;;) {
        VSECM_TRY(piece, reader.next());
        if (piece.empty()) return released.clone();
        released.append(piece);
    }
}

}  // namespace

TEST_CASE("every published age vector has its published outcome") {
    auto const entries = posix_files().list(std::string(VSECM_TEST_VECTORS) + "/age").value();
    std::size_t num_run = 0;
    for (auto const& entry : entries) {
        if (entry.name.contains('.')) continue;
        INFO(entry.name);
        auto const v = load(entry.name);
        std::vector<age_identity> identities;
        for (auto [it, end] = v.keys.equal_range("identity"); it != end; ++it) identities.push_back(age_identity::parse(it->second).value());
        auto expected = v.get("expect");
        // We never open passphrase files: what would open with one is, for us, for somebody else.
        if (v.keys.contains("passphrase") && expected == "success") expected = "no match";

        if (!v.get("armored").empty() && !looks_armored(v.file)) {
            CHECK(expected == "armor failure");
            CHECK(class_of(age_armor_decode(v.file).transform([](auto const&) { return secret_text(); })) == expected);
            CHECK_FALSE(age_decrypt(identities, v.file, std::size_t{1} << 30).has_value());
        } else {
            auto const opened = age_decrypt(identities, v.file, std::size_t{1} << 30);
            INFO((opened ? std::string("opened") : opened.error().what));
            CHECK(class_of(opened) == expected);
            if (opened) CHECK(hex_encode(sha256(opened->bytes())) == v.get("payload"));
            secret_text released;
            CHECK(class_of(read_all(identities, v.file, released)) == expected);
            if (!v.get("payload").empty() && expected != "no match") CHECK(hex_encode(sha256(released.bytes())) == v.get("payload"));
        }
        ++num_run;
    }
    CHECK(num_run == 104);
}
