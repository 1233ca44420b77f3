#include "volume/keeper.hpp"

#include "base/folder_lock.hpp"
#include "support/passing_on.hpp"
#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

using namespace vsecm;
using config::volume_layout;
using volume::holding, volume::kept;

namespace {

client::fetched value(std::string_view text) {
    client::fetched found;
    found.what = client::fetched::kind::value;
    found.content.data = base::secret_text(text);
    return found;
}

client::fetched absent(api::absence why) {
    client::fetched found;
    found.what = client::fetched::kind::absent;
    found.why = why;
    return found;
}

base::result<kept> follow(volume::keeper& keeper, client::fetched const& found) {
    test::run_loop loop;
    return loop.run(keeper.follow(found));
}

struct scene {
    explicit scene(volume_layout layout = volume_layout::file) {
        settings.layout = layout;
        settings.path = folder / "secret";
    }
    volume::keeper keeper() const { return volume::keeper(settings); }
    base::result<kept> try_to_follow(client::fetched const& found) const {
        auto one = keeper();
        return ::follow(one, found);
    }
    kept follow(client::fetched const& found) const { return try_to_follow(found).value(); }
    std::string read(std::string const& below = {}) const { return test::slurp(settings.path + below); }

    test::temp_folder folder;
    config::volume_settings settings;
};

}  // namespace

TEST_CASE("a volume holds nothing, a secret, and nothing any more") {
    for (auto const layout : {volume_layout::file, volume_layout::keys, volume_layout::dotenv}) {
        scene s(layout);
        CHECK(s.keeper().holds() == holding::nothing);
        CHECK(s.follow(absent(api::absence::absent)) == kept::unchanged);
        CHECK(s.keeper().holds() == holding::nothing);
        CHECK(s.follow(value(R"({"a":"1"})")) == kept::written);
        CHECK(s.keeper().holds() == holding::secret);
        CHECK(s.follow(value(R"({"a":"1"})")) == kept::unchanged);
        CHECK(s.follow(absent(api::absence::absent)) == kept::held);
        CHECK(s.follow(absent(api::absence::not_yet)) == kept::held);
        CHECK(s.follow(absent(api::absence::deleted)) == kept::emptied);
        CHECK(s.follow(absent(api::absence::deleted)) == kept::unchanged);
        CHECK(s.keeper().holds() == holding::empty);
        CHECK(s.follow(value(R"({"a":"2"})")) == kept::written);
        CHECK(s.follow(absent(api::absence::expired)) == kept::emptied);
    }
}

TEST_CASE("a secret that is no set of files, or no variables, changes nothing") {
    for (auto const layout : {volume_layout::keys, volume_layout::dotenv}) {
        scene s(layout);
        REQUIRE(s.follow(value(R"({"a":"1"})")) == kept::written);
        for (auto const* bad : {"plain", R"({"a":"2","../b":"3"})"}) {
            auto const refused = s.try_to_follow(value(bad));
            REQUIRE(!refused);
            CHECK(refused.error().code == base::errc::invalid);
        }
        CHECK(s.read(layout == volume_layout::keys ? "/a" : "") == (layout == volume_layout::keys ? "1" : "A='1'\n"));
    }
}

TEST_CASE("mode and owner are as told, and put right when they are not") {
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        s.settings.file_mode = 0440;
        s.settings.group = ::getgid();
        if (::getuid() == 0) {
            s.settings.user = 4242;
            s.settings.group = 4343;
        }
        auto const file = s.settings.path + (layout == volume_layout::keys ? "/a" : "");
        auto const facts = [&] {
            struct ::stat info {};
            REQUIRE(::stat(file.c_str(), &info) == 0);
            return info;
        };
        REQUIRE(s.follow(value(R"({"a":"1"})")) == kept::written);
        CHECK((facts().st_mode & 07777) == 0440);
        CHECK(facts().st_gid == *s.settings.group);
        if (s.settings.user) CHECK(facts().st_uid == *s.settings.user);
        CHECK(s.follow(value(R"({"a":"1"})")) == kept::unchanged);
        REQUIRE(::chmod(file.c_str(), 0666) == 0);
        CHECK(s.follow(value(R"({"a":"1"})")) == kept::written);
        CHECK((facts().st_mode & 07777) == 0440);
    }
}

TEST_CASE("what anybody does to the volume is seen, and put right; what happens beside it is not") {
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        auto keeper = s.keeper();
        auto const answer = value(R"({"a":"1"})");
        CHECK(!keeper.is_as_left());
        REQUIRE(follow(keeper, answer).value() == kept::written);
        CHECK(keeper.is_as_left());
        auto const file = s.settings.path + (layout == volume_layout::keys ? "/a" : "");
        std::ofstream(s.folder / "beside") << "x";
        if (layout == volume_layout::keys) std::ofstream(s.settings.path + "/theirs") << "x";
        CHECK(keeper.is_as_left());
        auto const whole = s.read(layout == volume_layout::keys ? "/a" : "");
        for (auto const& touch : std::vector<std::function<void()>>{
                 [&] { std::filesystem::remove_all(s.settings.path); }, [&] { std::filesystem::remove(file); },
                 [&] { std::ofstream(file) << std::string(whole.size(), 'x'); }, [&] { ::chmod(file.c_str(), 0666); },
                 [&] { std::ofstream(s.settings.path + (layout == volume_layout::keys ? "/..data/b" : "2")) << "x", std::filesystem::remove(file); }}) {
            touch();
            CHECK(!keeper.is_as_left());
            REQUIRE(follow(keeper, answer));
            CHECK(keeper.is_as_left());
            CHECK(test::slurp(file) == whole);
        }
    }
}

TEST_CASE("what is touched in the moment after it was written is seen, too") {
    struct busy final : test::passing_on {
        std::string file;
        std::function<void()> touch;
        base::status sync_folder(std::string const& path) override {
            if (touch && std::filesystem::exists(file)) std::exchange(touch, {})();  // the last sync is after the switch
            return real.sync_folder(path);
        }
    };
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        auto const file = s.settings.path + (layout == volume_layout::keys ? "/a" : "");
        auto const answer = value(R"({"a":"1"})");
        for (auto const& touch : std::vector<std::function<void()>>{[&] { std::filesystem::remove(file); }, [&] { std::ofstream(file) << "damaged"; }}) {
            std::filesystem::remove_all(s.settings.path);
            busy files;
            files.file = file;
            files.touch = touch;
            volume::keeper keeper(s.settings, files);
            REQUIRE(follow(keeper, answer).value() == kept::written);
            CHECK(!files.touch);
            CHECK(!keeper.is_as_left());
            REQUIRE(follow(keeper, answer));
            CHECK(keeper.is_as_left());
        }
    }
}

TEST_CASE("what we may not read, as after giving it away, is not taken for touched: it would be written for ever") {
    struct somebody {  // root may read everything
        explicit somebody(std::string const& folder) {
            if (was != 0) return;
            REQUIRE(::chown(folder.c_str(), 65534, 65534) == 0);
            REQUIRE(::seteuid(65534) == 0);
        }
        ~somebody() { CHECK(::seteuid(was) == 0); }
        ::uid_t was = ::geteuid();
    };
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        somebody const else_than_root(s.folder.path());
        s.settings.file_mode = 0200;
        auto keeper = s.keeper();
        REQUIRE(follow(keeper, value(R"({"a":"1"})")).value() == kept::written);
        CHECK(keeper.is_as_left());
    }
}

TEST_CASE("templates that are other ones since they were rendered are seen, whether or not they make another content") {
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        s.settings.template_path = s.folder / "forms";
        auto const form = layout == volume_layout::keys ? s.folder / "forms/t" : s.folder / "forms";
        if (layout == volume_layout::keys) std::filesystem::create_directory(s.settings.template_path);
        auto const become = [&](std::string const& text) {
            std::ofstream(s.folder / "new") << text;
            std::filesystem::rename(s.folder / "new", form);
        };
        become("1");
        auto keeper = s.keeper();
        auto const answer = value(R"({"a":"1"})");
        CHECK(!keeper.has_new_templates());  // than what?
        REQUIRE(follow(keeper, answer).value() == kept::written);
        CHECK(!keeper.has_new_templates());
        become("1");
        CHECK(keeper.has_new_templates());
        CHECK(keeper.is_as_left());
        CHECK(follow(keeper, answer).value() == kept::unchanged);
        CHECK(!keeper.has_new_templates());
        become("{{.none}}");
        CHECK(!follow(keeper, answer));
        CHECK(keeper.has_new_templates());
        become("2");
        CHECK(follow(keeper, answer).value() == kept::written);
        CHECK(!keeper.has_new_templates());
        std::filesystem::remove(form);
        CHECK(keeper.has_new_templates());
    }
}

TEST_CASE("what a killed writer left beside the file is gone with the next answer, whatever that is") {
    for (auto const& answer : {value("kept"), value("another"), absent(api::absence::deleted)}) {
        scene s;
        REQUIRE(s.follow(value("kept")) == kept::written);
        auto const left = s.folder / ".secret.tmp-4711-3";
        REQUIRE(base::replace_file(base::posix_files(), left, base::as_bytes("TopSecret"), 0600));
        REQUIRE(s.try_to_follow(answer));
        CHECK(::access(left.c_str(), F_OK) != 0);
    }
}

TEST_CASE("what fails once the new content is there makes it no failure, or nobody would be told of it") {
    struct broken final : test::passing_on {
        base::status sync_folder(std::string const&) override { return is_broken ? base::fail(base::errc::storage, "broken") : base::status{}; }
        base::status rename(std::string const& from, std::string const& to) override {
            if (is_stuck) return base::fail(base::errc::storage, "stuck");
            is_broken = true;  // from now on: nothing before a switch may need it
            return passing_on::rename(from, to);
        }
        base::result<std::vector<base::folder_entry>> list(std::string const& path) override {
            if (is_broken) return base::fail(base::errc::storage, "broken");
            return passing_on::list(path);
        }
        bool is_broken = false, is_stuck = false;
    };
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        broken files;
        volume::keeper keeper(s.settings, files);
        for (auto const* content : {R"({"a":"1"})", R"({"a":"2"})"}) {
            files.is_broken = false;
            CHECK(follow(keeper, value(content)).value() == kept::written);
        }
        files.is_broken = false;
        CHECK(follow(keeper, value(R"({"a":"2"})")).value() == kept::unchanged);
        files.is_stuck = true;
        CHECK(follow(keeper, value(R"({"a":"3"})")).error().code == base::errc::storage);
        CHECK(s.try_to_follow(value(R"({"a":"2"})")).value() == kept::unchanged);
    }
}

TEST_CASE("two writers of one volume take turns: neither fails, and readers see nothing but one content or the other") {
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        std::string const filling(5'000, 'x');
        auto const file = s.settings.path + (layout == volume_layout::keys ? "/a" : "");
        std::atomic<int> num_refused{0}, num_wrong{0}, num_reads{0};
        std::atomic<bool> stop{false};
        {
            std::optional<std::jthread> reader;
            {
                std::latch together(2);
                std::vector<std::jthread> writers;
                for (auto const* who : {"one ", "two "})
                    writers.emplace_back([&, who] {
                        together.arrive_and_wait();
                        for (int i = 0; i < 500; ++i) num_refused += !s.try_to_follow(value(R"({"a":")" + filling + who + std::to_string(i) + "\"}"));
                    });
                REQUIRE(test::eventually(std::chrono::seconds{20}, [&] { return ::access(file.c_str(), F_OK) == 0; }));
                reader.emplace([&] {
                    for (; !stop; ++num_reads) {
                        auto const now = base::read_file(file, 1U << 20);
                        // A set that is replaced between two steps of one look is gone, as of every such volume.
                        num_wrong += now ? now->size() < 5'000 : layout == volume_layout::file;
                    }
                });
            }
            CHECK(test::eventually(std::chrono::seconds{20}, [&] { return num_reads > 100; }));
            stop = true;
        }
        CHECK(num_refused == 0);
        CHECK(num_wrong == 0);
        CHECK(s.keeper().holds() == holding::secret);
    }
}

TEST_CASE("while somebody holds the lock of the folder nothing is written, and that is an error; but the loop goes on") {
    for (auto const layout : {volume_layout::file, volume_layout::keys}) {
        scene s(layout);
        auto const file = layout == volume_layout::keys ? "/a" : "";
        REQUIRE(s.follow(value(R"({"a":"1"})")) == kept::written);
        auto const before = s.read(file);
        auto const answer = value(R"({"a":"2"})");
        {
            auto const held = base::lock_folder(layout == volume_layout::keys ? s.settings.path : s.folder.path(), std::chrono::milliseconds{0});
            REQUIRE(held);
            test::run_loop loop;
            auto keeper = s.keeper();
            std::optional<base::result<kept>> done;
            net::asio::co_spawn(loop.context, keeper.follow(answer), [&](std::exception_ptr, base::result<kept> outcome) { done = std::move(outcome); });
            int num_steps = 0;
            loop.until([&] { return ++num_steps, done.has_value(); });
            CHECK(num_steps > 20);
            REQUIRE(!*done);
            CHECK(done->error().code == base::errc::conflict);
            CHECK(done->error().what.contains("somebody else holds a lock on"));
            CHECK(s.read(file) == before);
        }
        CHECK(s.follow(answer) == kept::written);
    }
}

TEST_CASE("a folder in the file's place holds no secret") {
    scene s;
    REQUIRE(::mkdir(s.settings.path.c_str(), 0700) == 0);
    CHECK(s.keeper().holds() == holding::nothing);
    CHECK(s.try_to_follow(value("x")).error().code == base::errc::storage);
    CHECK(s.keeper().holds() == holding::nothing);
}

TEST_CASE("a folder or a template that is not there is no absence of the secret") {
    scene s;
    s.settings.path = s.folder / "none/secret";
    CHECK(s.try_to_follow(value("x")).error().code == base::errc::storage);
    scene t;
    t.settings.template_path = t.folder / "none";
    CHECK(t.try_to_follow(value("x")).error().code == base::errc::storage);
    CHECK(t.keeper().holds() == holding::nothing);
}
