#include "volume/reminder.hpp"

#include "support/passing_on.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

using namespace vsecm;
using config::volume_layout;
using volume::reminder;

namespace {

struct scene {
    explicit scene(volume_layout layout = volume_layout::file) {
        settings.layout = layout;
        settings.path = layout == volume_layout::keys ? folder.path() : folder / "secret";
    }
    reminder next() const { return reminder(settings); }
    std::optional<unsigned> find() const { return next().find(); }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator(folder.path())) found.insert(entry.path().filename().string());
        return found;
    }
    // What processes that were killed have left.
    std::string left_behind(unsigned number) const {
        auto one = next();
        REQUIRE(one.leave());
        auto const name = *names().begin(), other = name.substr(0, name.size() - 1) + std::to_string(number);
        std::filesystem::rename(folder / name, folder / other);
        return other;
    }
    void tell(reminder& one) const { one.begin(), one.done(); }

    test::temp_folder folder;
    config::volume_settings settings;
};

}  // namespace

TEST_CASE("what is left is found by the next process that keeps the same file, and by nobody else") {
    for (auto const layout : {volume_layout::file, volume_layout::keys, volume_layout::dotenv}) {
        scene s(layout);
        CHECK(!s.find());
        auto one = s.next();
        REQUIRE(one.leave());
        REQUIRE(s.names().size() == 1);
        auto const name = *s.names().begin();
        CHECK(name.starts_with("..untold-"));
        struct ::stat facts {};
        REQUIRE(::stat((s.folder / name).c_str(), &facts) == 0);
        CHECK((facts.st_mode & 07777) == 0600);
        CHECK(test::slurp(s.folder / name).empty());
        if (layout != volume_layout::keys) {
            auto beside = s.settings;
            beside.path += "2";
            reminder other(beside);
            CHECK(!other.find());
        }
        for (unsigned i = 1; i <= 12; ++i) CHECK(s.find() == i);
        CHECK(s.names().size() == 1);
    }
}

TEST_CASE("it stays until what it stands for is told, whatever comes meanwhile") {
    scene s;
    auto one = s.next();
    REQUIRE(one.leave());
    REQUIRE(one.leave());
    CHECK(s.names().size() == 1);
    one.begin();
    REQUIRE(one.leave());
    one.done();
    CHECK(s.names().size() == 1);
    one.begin();  // and it fails
    CHECK(s.names().size() == 1);
    s.tell(one);
    CHECK(s.names().empty());
    one.done();
}

TEST_CASE("a new change has all its tries before it, also beside an older one; one that does not come about changes no number") {
    scene s;
    s.left_behind(7);
    auto one = s.next();
    CHECK(one.find() == 8);
    REQUIRE(one.leave());
    one.take_back();
    auto two = s.next();
    CHECK(two.find() == 9);
    REQUIRE(two.leave());
    CHECK(s.find() == 1);
}

TEST_CASE("what does not come about while another change is told leaves nothing behind") {
    scene s;
    auto one = s.next();
    REQUIRE(one.leave());
    one.begin();
    REQUIRE(one.leave());
    one.take_back();
    one.done();
    CHECK(s.names().empty());
}

TEST_CASE("what somebody removed is left anew by the next change") {
    for (unsigned const number : {0U, 3U}) {
        INFO(number);
        scene s;
        s.left_behind(number);
        auto one = s.next();
        REQUIRE(one.find() == number + 1);
        std::filesystem::remove(s.folder / *s.names().begin());
        REQUIRE(one.leave());
        CHECK(s.names().size() == 1);
        std::filesystem::remove(s.folder / *s.names().begin());
        REQUIRE(one.leave());
        CHECK(s.names().size() == 1);
        s.tell(one);
        CHECK(s.names().empty());
    }
}

TEST_CASE("what was left before this process has looked is found, unless it has left one that stands for it") {
    for (unsigned const number : {0U, 3U}) {
        INFO(number);
        scene s;
        auto const name = s.left_behind(number);
        auto one = s.next();
        REQUIRE(one.leave());
        one.take_back();  // nothing was changed
        CHECK(s.names() == std::set{name});
        CHECK(one.find() == number + 1);
        s.tell(one);
        CHECK(s.names().empty());

        s.left_behind(number);
        auto two = s.next();
        REQUIRE(two.leave());
        CHECK(two.find() == (number == 0 ? std::optional(1U) : std::nullopt));
        CHECK(s.names().size() == 1);
        s.tell(two);
        CHECK(s.names().empty());
    }
}

TEST_CASE("of several the one with most tries left counts; numbers that nobody counted to change nothing") {
    scene s;
    auto const prefix = s.left_behind(2).substr(0, std::string("..untold-0123456789abcdef-").size());
    for (auto const* number : {"3", "999"}) std::ofstream(s.folder / (prefix + number)) << "";
    auto one = s.next();
    CHECK(one.find() == 3);
    CHECK(s.names() == std::set{prefix + "3"});
    s.tell(one);
    CHECK(s.names().empty());
}

TEST_CASE("what only looks like one is left alone, and a link leads nowhere") {
    scene s;
    auto const name = s.left_behind(0), prefix = name.substr(0, name.size() - 1);
    std::filesystem::remove(s.folder / name);
    std::ofstream(s.folder / "other") << "theirs";
    std::filesystem::create_symlink("other", s.folder / name);
    for (auto const* number : {"", "01", "1x", "-1", "1000"}) std::ofstream(s.folder / (prefix + number)) << "theirs";
    std::filesystem::create_directory(s.folder / (prefix + "1"));
    auto const before = s.names();
    CHECK(!s.find());
    auto one = s.next();
    CHECK(!one.leave());
    one.take_back();
    s.tell(one);
    CHECK(s.names() == before);
    CHECK(test::slurp(s.folder / "other") == "theirs");
}

TEST_CASE("where nothing can be written that is said; and what cannot be counted is not told: it would be for ever") {
    struct broken final : test::passing_on {
        base::status write_new_synced(std::string const&, base::byte_view, ::mode_t) override { return base::fail(base::errc::storage, "full"); }
        base::status rename(std::string const&, std::string const&) override { return base::fail(base::errc::storage, "read-only"); }
        base::status remove(std::string const&) override { return base::fail(base::errc::storage, "read-only"); }
    };
    scene s;
    broken files;
    reminder one(s.settings, files);
    CHECK(one.leave().error().what == "full");
    one.take_back();
    s.left_behind(0);
    CHECK(!one.find());
    s.tell(one);
    CHECK(s.names().size() == 1);
    CHECK(s.find() == 1);
    scene nowhere;
    nowhere.settings.path = "/nowhere/secret";
    CHECK(!nowhere.find());
    CHECK(!nowhere.next().leave());
}
