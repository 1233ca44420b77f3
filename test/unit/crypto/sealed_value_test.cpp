#include "crypto/sealed_value.hpp"

#include "support.hpp"

#include <atomic>
#include <thread>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

static_assert(sizeof(sealed_value) == 16);
static_assert(!std::is_copy_constructible_v<sealed_value>);

TEST_CASE("a sealed value opens under its key and no other") {
    sealing_key const key;
    sealing_key const other;
    for (std::size_t const len : {0, 1, 15, 16, 17, 256, 100'000}) {
        auto const plain = noise(len);
        auto const sealed = sealed_value::seal(key, plain);
        CHECK(sealed.size() == len);
        CHECK(as_text(sealed.open(key).value().bytes()) == as_text(plain));
        CHECK(sealed.open(other).error().code == errc::corrupt);
    }
    CHECK(sealed_value().open(key).error().code == errc::internal);
    CHECK_FALSE(sealed_value().has_value());
    CHECK(sealed_value::seal(key, {}).has_value());
}

TEST_CASE("Q48: the plaintext of a sealed value is nowhere in the heap") {
    sealing_key const key;
    // Made up at run time, so that the only copies are the ones this test makes and wipes.
    auto plain = noise(64, 99);
    auto const sealed = sealed_value::seal(key, plain);
    auto const needle_end = plain;  // the one copy that may be found
    wipe(plain.data(), plain.size());
    std::size_t found = 0;
    unique_fd maps{::open("/proc/self/maps", O_RDONLY)};
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(maps.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    auto const at = text.find("[heap]");
    REQUIRE(at != std::string::npos);
    auto const line = text.rfind('\n', at) + 1;
    auto const* const begin = reinterpret_cast<char const*>(std::stoull(text.substr(line), nullptr, 16));
    auto const* const end = reinterpret_cast<char const*>(std::stoull(text.substr(text.find('-', line) + 1), nullptr, 16));
    for (auto const* p = begin; p + 64 <= end; p += 8)  // the allocator aligns to 16; offsets within a block of ours are multiples of 8
        if (std::memcmp(p, needle_end.data(), 64) == 0) ++found;
    CHECK(found <= 1);
    CHECK(sealed.open(key).value().size() == 64);
}

TEST_CASE("many threads seal and open at once") {
    sealing_key const key;
    auto const shared = sealed_value::seal(key, as_bytes("shared"));
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            auto const own = noise(100 + t, t + 1);
            for (int i = 0; i < 2000; ++i) {
                auto const opened = shared.open(key);
                if (!opened || opened->view() != "shared") ++wrong;
                auto const again = sealed_value::seal(key, own).open(key);
                if (!again || as_text(again->bytes()) != as_text(own)) ++wrong;
            }
        });
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
}
