#include "volume/reminder.hpp"

#include "support/passing_on.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
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
    reminder of(std::string_view whom) const { return reminder(settings, whom); }
    std::optional<unsigned> find(std::string_view whom = "somebody") const { return of(whom).find(); }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator(folder.path())) found.insert(entry.path().filename().string());
        return found;
    }

    test::temp_folder folder;
    config::volume_settings settings;
};

}  // namespace

TEST_CASE("what is left is found by the next with the same work, and by nobody else") {
    for (auto const layout : {volume_layout::file, volume_layout::keys, volume_layout::dotenv}) {
        scene s(layout);
        CHECK(!s.find());
        auto one = s.of("somebody");
        REQUIRE(one.leave());
        REQUIRE(s.names().size() == 1);
        auto const name = *s.names().begin();
        CHECK(name.starts_with("..untold-"));
        struct ::stat facts {};
        REQUIRE(::stat((s.folder / name).c_str(), &facts) == 0);
        CHECK((facts.st_mode & 07777) == 0600);
        CHECK(test::slurp(s.folder / name) == "0");
        CHECK(!s.find("somebody else"));
        if (layout != volume_layout::keys) {
            auto beside = s.settings;
            beside.path += "2";
            reminder other(beside, "somebody");
            CHECK(!other.find());
        }
        CHECK(s.find() == 1);
        CHECK(s.find() == 2);
        CHECK(s.names().size() == 1);
    }
}

TEST_CASE("it stays until what it stands for is told, whatever comes meanwhile") {
    scene s;
    auto one = s.of("somebody");
    REQUIRE(one.leave());
    REQUIRE(one.leave());
    CHECK(s.names().size() == 1);
    one.begin();
    REQUIRE(one.leave());
    CHECK(s.names().size() == 2);
    one.done();
    CHECK(s.names().size() == 1);
    one.begin();
    one.not_done();
    CHECK(s.names().size() == 1);
    one.begin();
    one.done();
    CHECK(s.names().empty());
    one.done();
}

TEST_CASE("two with the same work in one folder: neither takes away what the other leaves after it has looked") {
    scene s;
    auto one = s.of("somebody"), two = s.of("somebody");
    REQUIRE(one.leave());
    CHECK(two.find() == 1);
    two.begin();
    REQUIRE(one.leave());
    two.done();
    CHECK(s.names().size() == 1);
    one.begin();
    one.done();  // what it left first is gone already
    CHECK(s.names().empty());
}

TEST_CASE("what only looks like one is left alone, and a link leads nowhere") {
    scene s;
    auto one = s.of("somebody");
    REQUIRE(one.leave());
    auto const name = *s.names().begin();
    one.begin();
    one.done();
    std::ofstream(s.folder / "other") << "theirs";
    std::filesystem::create_symlink("other", s.folder / name);
    std::ofstream(s.folder / (name + ".bak")) << "theirs";
    std::filesystem::create_directory(s.folder / (name.substr(0, name.size() - 1) + "-"));
    auto const before = s.names();
    CHECK(!s.find());
    CHECK(s.names() == before);
    CHECK(test::slurp(s.folder / "other") == "theirs");
}

TEST_CASE("where nothing can be written or removed that is said, and what was found counts all the same") {
    struct broken final : test::passing_on {
        base::status write_new_synced(std::string const&, base::byte_view, ::mode_t) override { return base::fail(base::errc::storage, "full"); }
        base::status remove(std::string const&) override { return base::fail(base::errc::storage, "read-only"); }
    };
    scene s;
    broken files;
    reminder one(s.settings, "somebody", files);
    CHECK(one.leave().error().what == "full");
    one.take_back();
    REQUIRE(s.of("somebody").leave());
    CHECK(one.find() == 1);
    one.begin();
    one.done();
    CHECK(s.names().size() == 1);
    scene nowhere;
    nowhere.settings.path = "/nowhere/secret";
    CHECK(!nowhere.find());
    CHECK(!nowhere.of("somebody").leave());
}
