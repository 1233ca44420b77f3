#include "base/secret_text.hpp"
#include "base/secure_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sodium.h>

#include <type_traits>

using namespace vsecm::base;

static_assert(!std::is_copy_constructible_v<secure_buffer>);
static_assert(!std::is_convertible_v<secure_buffer, std::string_view>);
static_assert(!std::is_copy_constructible_v<secret_text>);

TEST_CASE("a secure buffer moves, clones and shrinks") {
    REQUIRE(sodium_init() >= 0);
    secure_buffer a(as_bytes("key material"));
    secure_buffer b = std::move(a);
    CHECK(a.empty());
    auto c = b.clone();
    c.truncate(3);
    CHECK(as_text(c.view()) == "key");
    CHECK(as_text(b.view()) == "key material");
    b = std::move(c);
    CHECK(b.size() == 3);
}

TEST_CASE("constant-time equality is still equality") {
    CHECK(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
    CHECK(equal_constant_time({}, {}));
}

TEST_CASE("shrinking secret text wipes what was cut") {
    secret_text t(std::string_view("0123456789"));
    auto const* cut = t.view().data() + 4;
    t.resize(4);
    CHECK(cut[0] == 0);
    CHECK(cut[5] == 0);
}
