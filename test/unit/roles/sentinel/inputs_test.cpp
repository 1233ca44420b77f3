#include "roles/sentinel/inputs.hpp"

#include "base/file.hpp"
#include "crypto/root_key.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <thread>

using namespace vsecm;
using namespace vsecm::roles::sentinel;
using base::errc;
using kind = secret_source::kind;

namespace {

[[maybe_unused]] int const sodium_ready = sodium_init();

// A pipe whose far end says `text` and closes.
class speaker {
public:
    explicit speaker(std::string text) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        in_ = base::unique_fd(ends[0]);
        writer_ = std::jthread([fd = ends[1], said = std::move(text)] {
            std::string_view rest = said;
            while (!rest.empty()) {
                auto const n = ::write(fd, rest.data(), rest.size());
                if (n <= 0) break;
                rest.remove_prefix(static_cast<std::size_t>(n));
            }
            ::close(fd);
        });
    }
    int fd() const { return in_.get(); }

private:
    std::jthread writer_;
    base::unique_fd in_;  // closed first: a writer nobody reads ends
};

base::result<base::secret_text> from_input(std::string text, bool ciphertext = false) {
    speaker const s(std::move(text));
    return read_secret({kind::standard_input, {}}, ciphertext, s.fd());
}

}  // namespace

TEST_CASE("secrets from standard input keep every byte") {
    using namespace std::literals;
    CHECK(from_input(" two\nlines\n")->view() == " two\nlines\n");
    CHECK(from_input("a\0b\n"s)->view() == "a\0b\n"sv);
    std::string large(3'000'000, 'x');
    large += "é";
    CHECK(from_input(large)->view() == large);
    CHECK(from_input("-d")->view() == "-d");
    CHECK(from_input("\ncipher==\n\n", true)->view() == "cipher==");
}

TEST_CASE("secrets that could not arrive unchanged are refused") {
    CHECK(from_input("").error().code == errc::invalid);
    CHECK(from_input("\n\n", true).error().code == errc::invalid);
    auto const binary = from_input("hunter2\xff");
    CHECK(binary.error().code == errc::invalid);
    CHECK(binary.error().what.find("hunter2") == std::string::npos);
    CHECK(read_secret({kind::argument, "\xc0\x80"}, false).error().code == errc::invalid);
    CHECK(from_input(std::string(max_secret_len + 1, 'x')).error().code == errc::too_large);
}

TEST_CASE("secrets that nobody knew") {
    secret_source const pattern{kind::pattern, "admin-[a-z]{16}"};
    auto const one = read_secret(pattern, false);
    auto const other = read_secret(pattern, false);
    REQUIRE(one.has_value());
    CHECK(one->size() == 22);
    CHECK(one->view().starts_with("admin-"));
    CHECK(one->view() != other->view());
    CHECK(read_secret({kind::pattern, "[z-a]{16}"}, false).error().what.starts_with("column 2"));
    CHECK(read_secret({kind::pattern, "[a]{2}\xff"}, false).error().code == errc::invalid);
}

TEST_CASE("secrets from files") {
    test::temp_folder const folder;
    auto const path = folder / "key.pem";
    REQUIRE(base::replace_file(base::posix_files(), path, base::as_bytes("line\n"), 0600).has_value());
    CHECK(read_secret({kind::file, path}, false)->view() == "line\n");
    CHECK(read_secret({kind::file, folder.path()}, false).error().code == errc::invalid);
    auto const missing = folder / "missing";
    CHECK(read_secret({kind::file, missing}, false).error().code == errc::not_found);
}

TEST_CASE("Q55: a root key is three lines, however the line ends came through the shell") {
    auto const text = crypto::root_key::generate().print();
    std::string const lines(text.view());
    std::string crlf, written;
    for (char const c : lines) {
        crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
        written += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    for (auto const& form : {lines, lines + "\n", "\n" + lines + "\n\n", crlf, written, written + "\\n"}) {
        auto const key = read_root_key({kind::argument, form});
        REQUIRE(key.has_value());
        CHECK(lines == std::string(key->age_secret_key.view()) + "\n" + key->age_public_key + "\n" + std::string(key->aes_cipher_key.view()));
    }
    speaker const s(lines);
    CHECK(read_root_key({kind::standard_input, {}}, s.fd()).has_value());
}

TEST_CASE("a root key may have keys behind it that were replaced") {
    auto const before = crypto::root_key::generate();
    auto const text = std::string(crypto::root_key::generate().in_place_of(before).print().view());
    auto const key = read_root_key({kind::argument, text});
    REQUIRE(key.has_value());
    REQUIRE(key->older.size() == 2);
    CHECK(text.ends_with("\n" + std::string(key->older[0].view()) + "\n" + std::string(key->older[1].view())));
}

TEST_CASE("Q17: what is no root key is refused before it is sent, and not repeated") {
    auto const good = std::string(crypto::root_key::generate().print().view());
    auto const other = std::string(crypto::root_key::generate().print().view());
    auto const line = [](std::string const& text, int n) {
        std::size_t at = 0;
        for (int i = 0; i < n; ++i) at = text.find('\n', at) + 1;
        return text.substr(at, text.find('\n', at) - at);
    };
    auto const three = [](std::string const& a, std::string const& b, std::string const& c) { return a + "\n" + b + "\n" + c; };
    for (auto const& bad : {std::string("hunter2"), line(good, 0) + "\n" + line(good, 1), good + "\n" + line(other, 0).substr(1),
                            three(line(good, 0), line(other, 1), line(good, 2)), three("hunter2", "hunter2", "hunter2"),
                            three(line(good, 1), line(good, 0), line(good, 2)), three(line(good, 0), line(good, 1), "zz")}) {
        auto const key = read_root_key({kind::argument, bad});
        REQUIRE_FALSE(key.has_value());
        CHECK(key.error().code == errc::invalid);
        CHECK(key.error().what.find("hunter2") == std::string::npos);
        CHECK(key.error().what.find(line(good, 0).substr(16)) == std::string::npos);
        CHECK(key.error().what.find(line(good, 2)) == std::string::npos);
    }
    CHECK_FALSE(read_root_key({kind::argument, ""}).has_value());
}
