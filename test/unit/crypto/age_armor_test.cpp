#include "crypto/age_armor.hpp"

#include "support.hpp"

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

TEST_CASE("armor round-trips every length, whole and in pieces") {
    for (std::size_t len = 0; len < 200; ++len) {
        auto const file = noise(len);
        auto const text = age_armor_encode(file);
        CHECK(age_armor_decode(as_bytes(text)).value() == file);

        std::string written;
        age_armor_writer writer([&](byte_view piece) -> status {
            written += as_text(piece);
            return {};
        });
        for (std::size_t i = 0; i < len; i += 7) REQUIRE(writer.write(byte_view(file).subspan(i, std::min<std::size_t>(7, len - i))));
        REQUIRE(writer.finish());
        CHECK(written == text);

        // One byte at a time, as a slow pipe would.
        auto source = age_armor_source([rest = as_bytes(text)](byte_span out) mutable -> result<std::size_t> {
            if (rest.empty() || out.empty()) return 0U;
            out[0] = rest[0];
            rest = rest.subspan(1);
            return 1U;
        });
        bytes read(len + 1);
        CHECK(read_fully(source, read).value() == len);
        read.resize(len);
        CHECK(read == file);
    }
}

TEST_CASE("armor takes CRLF and white space around, and nothing else") {
    auto const file = noise(100);
    auto const text = age_armor_encode(file);
    std::string crlf;
    for (char const c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    auto const lines_end = text.size() - 1;
    for (std::string const& good : {text, crlf, text.substr(0, lines_end), "\n \t\r\n" + text + " \n\n", std::string(1023, ' ') + "\n" + text}) {
        CHECK(age_armor_decode(as_bytes(good)).value() == file);
    }

    auto const replaced = [&](std::string_view what, std::string_view by) {
        auto out = text;
        out.replace(out.find(what), what.size(), by);
        return out;
    };
    auto const second_line = text.find('\n', text.find('\n') + 1) + 1;
    auto with_blank = text;
    with_blank.insert(second_line, "\n");
    auto with_space = text;
    with_space.insert(second_line, " ");
    auto without_break = text;
    without_break.erase(second_line - 1, 1);
    auto with_break = text;
    with_break.insert(second_line + 8, "\n");
    for (std::string const& bad :
         {replaced("BEGIN", "begin"), replaced("BEGIN AGE", "BEGIN PGP"), replaced("-----END", "----END"), replaced("-----\n", "-----\nVersion: 1\n\n"),
          replaced("=\n", "\n"), with_blank, with_space, without_break, with_break, "x" + text, text + "x", " " + text, text + text,
          text.substr(0, text.size() - 10), std::string(1025, '\n') + text, text + std::string(1025, '\n'), std::string("-----BEGIN AGE ENCRYPTED FILE-----"),
          std::string()}) {
        INFO(bad);
        auto const decoded = age_armor_decode(as_bytes(bad));
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == errc::corrupt);
        CHECK(decoded.error().what.starts_with("age armor: "));
    }
}

TEST_CASE("armor without an end is refused without being held") {
    std::size_t asked = 0;
    auto source = age_armor_source([&](byte_span out) -> result<std::size_t> {
        asked += out.size();
        std::fill(out.begin(), out.end(), std::uint8_t{'A'});
        return out.size();
    });
    bytes out(10);
    CHECK_FALSE(read_fully(source, out).has_value());
    CHECK(asked < 10'000);
}
