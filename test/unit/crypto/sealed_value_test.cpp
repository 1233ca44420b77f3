#include "crypto/sealed_value.hpp"

#include "support.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <thread>

using namespace vsecm::crypto;
using namespace vsecm::crypto::test;

static_assert(sizeof(sealed_value) == 16);
static_assert(!std::is_copy_constructible_v<sealed_value>);

TEST_CASE("a sealed value opens under its key and no other") {
    sealing_key const key;
    sealing_key const other;
    for (std::size_t const len : {0U, 1U, 15U, 16U, 17U, 256U, 100'000U}) {
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

#ifndef VSECM_SANITIZED  // which has a heap of its own, and forbids walking over it
TEST_CASE("Q48: the plaintext of a sealed value is nowhere in the heap") {
    sealing_key const key;
    std::array<std::uint8_t, 64> needle;  // on the stack, so that any copy in the heap is one that was left there
    {
        auto plain = noise(needle.size(), 99);
        std::ranges::copy(plain, needle.begin());
        wipe(plain.data(), plain.size());
    }
    auto const sealed = sealed_value::seal(key, needle);
    CHECK(sealed.open(key).value().size() == needle.size());

    auto const maps = [] {
        unique_fd fd{::open("/proc/self/maps", O_RDONLY)};
        std::string text;
        char buffer[4096];
        for (ssize_t n; (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
        return text;
    }();
    auto const at = maps.find("[heap]");
    REQUIRE(at != std::string::npos);
    auto const line = maps.substr(maps.rfind('\n', at) + 1);
    auto const* const begin = reinterpret_cast<char const*>(std::stoull(line, nullptr, 16));
    auto const* const end = reinterpret_cast<char const*>(std::stoull(line.substr(line.find('-') + 1), nullptr, 16));
    auto const holds_it = [&](char const* p) { return std::memcmp(p, needle.data(), 32) == 0 || std::memcmp(p, needle.data() + 32, 32) == 0; };
    std::size_t found = 0;
    for (auto const* p = begin; p + 32 <= end; ++p) found += holds_it(p);
    CHECK(found == 0);
}
#endif

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
