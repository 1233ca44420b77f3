#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

using namespace vsecm;

TEST_CASE("the demo plays every step, in under ten seconds, and leaves nothing behind") {
    test::temp_folder folder;
    [[maybe_unused]] auto const began = std::chrono::steady_clock::now();
    auto const demo = test::run({test::vsecm_binary(), "demo"}, {{{"PATH", "/usr/bin:/bin"}}, {}, folder.path(), "demo"}, std::chrono::seconds{60});
    INFO(demo.out << demo.err);
    CHECK(demo.status == 0);
#ifndef VSECM_SANITIZED
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
#endif
    CHECK(demo.out.contains("Every step was as told"));
    for (auto const& entry : std::filesystem::directory_iterator("/tmp")) CHECK_FALSE(entry.path().filename().string().starts_with("vsecm-demo-"));
}

TEST_CASE("a demo that is interrupted leaves nothing behind either") {
    test::temp_folder folder;
    test::process demo({test::vsecm_binary(), "demo"}, {{{"PATH", "/usr/bin:/bin"}}, {}, folder.path(), "demo"});
    REQUIRE(demo.says("ready after", std::chrono::seconds{20}));
    demo.signal(2);
    CHECK(demo.wait(std::chrono::seconds{10}) == 130);
    for (auto const& entry : std::filesystem::directory_iterator("/tmp")) CHECK_FALSE(entry.path().filename().string().starts_with("vsecm-demo-"));
}
