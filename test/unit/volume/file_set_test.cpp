#include "volume/file_set.hpp"

#include "base/try.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

using namespace vsecm;
using volume::file_set, volume::named_file;

namespace {

std::vector<named_file> files(std::map<std::string, std::string> const& wanted) {
    std::vector<named_file> made;
    for (auto const& [name, bytes] : wanted) made.push_back({name, base::secret_text(bytes)});
    return made;
}

struct scene {
    test::temp_folder folder;
    std::string const path = folder / "secrets";
    file_set set{path, {0640, {}}};

    base::result<bool> put(std::map<std::string, std::string> const& wanted) {
        auto const made = files(wanted);
        VSECM_TRY_OK(set.make());
        return set.replace_with(made);
    }
    std::string read(std::string const& name) const { return test::slurp(path + "/" + name); }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator(path)) found.insert(entry.path().filename().string());
        return found;
    }
    std::string version() const { return std::filesystem::read_symlink(path + "/..data").string(); }
    static struct ::stat facts(std::string const& file) {
        struct ::stat info {};
        REQUIRE(::stat(file.c_str(), &info) == 0);
        return info;
    }
    static unsigned mode(std::string const& file) { return facts(file).st_mode & 07777U; }
};

}  // namespace

TEST_CASE("a set is made, changed, shrunk and emptied, as the kubelet lays it out") {
    scene s;
    CHECK(!s.set.size());
    CHECK(s.put({{"a", "1"}, {"b", "2"}}).value());
    CHECK(s.names() == std::set<std::string>{"..data", s.version(), "a", "b"});
    CHECK(std::filesystem::read_symlink(s.path + "/a") == "..data/a");
    CHECK(s.read("a") + s.read("b") == "12");
    CHECK(scene::mode(s.path + "/a") == 0640);
    CHECK(scene::mode(s.path) == 0750);
    CHECK(scene::mode(s.path + "/..data") == 0750);

    auto const first = s.version();
    CHECK(s.put({{"b", "3"}, {"c", ""}}).value());
    CHECK(s.version() != first);
    CHECK(s.names() == std::set<std::string>{"..data", s.version(), "b", "c"});
    CHECK(s.read("b") == "3");
    CHECK(s.set.size() == 2);
    CHECK(s.put({}).value());
    CHECK(s.names() == std::set<std::string>{"..data", s.version()});
    CHECK(s.set.size() == 0);
}

TEST_CASE("folders stay ours, whoever the files are given to: a sidecar with no other right can still replace them") {
    bool const may_give_away = ::geteuid() == 0;
    scene s;
    s.set = file_set(s.path, {0400, {may_give_away ? 4242U : ::geteuid(), may_give_away ? 4343U : ::getegid()}});
    REQUIRE(s.put({{"a", "1"}}));
    CHECK(scene::facts(s.path + "/a").st_uid == (may_give_away ? 4242U : ::geteuid()));
    CHECK(scene::mode(s.path + "/a") == 0400);
    for (auto const& folder : {s.path, s.path + "/..data"}) {
        CHECK(scene::facts(folder).st_uid == ::geteuid());
        CHECK(scene::facts(folder).st_gid == (may_give_away ? 4343U : ::getegid()));
        CHECK(scene::mode(folder) == 0755);
    }
}

TEST_CASE("who may write to the files may not put others in their place") {
    scene s;
    s.set = file_set(s.path, {0666, {}});
    REQUIRE(s.put({{"a", "1"}}));
    CHECK(scene::mode(s.path + "/a") == 0666);
    CHECK(scene::mode(s.path) == 0755);
    CHECK(scene::mode(s.path + "/..data") == 0755);
}

TEST_CASE("what is right is not touched; what somebody changed is put right") {
    scene s;
    REQUIRE(s.put({{"a", "1"}, {"b", "2"}}));
    auto version = s.version();
    CHECK(!s.put({{"a", "1"}, {"b", "2"}}).value());
    CHECK(s.version() == version);
    std::filesystem::remove(s.path + "/a");
    CHECK(!s.put({{"a", "1"}, {"b", "2"}}).value());
    CHECK(s.read("a") == "1");
    CHECK(s.version() == version);
    for (auto const& spoil : std::vector<std::function<void()>>{
             [&] { std::ofstream(s.path + "/a") << "x"; }, [&] { ::chmod((s.path + "/..data/b").c_str(), 0666); },
             [&] { std::filesystem::remove(s.path + "/..data/b"); }, [&] { std::ofstream(s.path + "/..data/c") << "more"; },
             [&] { std::filesystem::remove(s.path + "/..data"); }}) {
        spoil();
        CHECK(s.put({{"a", "1"}, {"b", "2"}}).value());
        CHECK(s.read("a") + s.read("b") == "12");
        CHECK(s.names() == std::set<std::string>{"..data", s.version(), "a", "b"});
    }
}

TEST_CASE("what a crash left is cleaned away, and what is somebody else's stays") {
    scene s;
    REQUIRE(s.put({{"a", "1"}}));
    std::filesystem::create_directory(s.path + "/..0123456789abcdef");
    std::ofstream(s.path + "/..0123456789abcdef/a") << "half";
    std::filesystem::create_symlink("..0123456789abcdef", s.path + "/..data_tmp");
    std::filesystem::create_symlink("..data/gone", s.path + "/gone");
    std::filesystem::create_symlink("/etc/passwd", s.path + "/theirs");
    std::ofstream(s.path + "/file") << "theirs";
    REQUIRE(s.put({{"a", "2"}}));
    CHECK(s.names() == std::set<std::string>{"..data", s.version(), "a", "theirs", "file"});
    CHECK(s.read("a") == "2");
}

TEST_CASE("a folder whose maker was killed before it opened it is opened to its readers") {
    scene s;
    REQUIRE(::mkdir(s.path.c_str(), 0700) == 0);
    REQUIRE(s.put({{"a", "1"}}));
    CHECK(scene::mode(s.path) == 0750);
    REQUIRE(::chmod(s.path.c_str(), 0700) == 0);  // somebody's decision about one that is in use
    REQUIRE(s.put({{"a", "2"}}));
    CHECK(scene::mode(s.path) == 0700);
}

TEST_CASE("in a volume with a group of its own (fsGroup) that group reads what is made") {
    scene s;
    auto const& volume = s.folder.path();
    if (::geteuid() == 0) REQUIRE(::chown(volume.c_str(), static_cast<::uid_t>(-1), 2000) == 0);  // others have but their own
    REQUIRE(::chmod(volume.c_str(), 02770) == 0);
    auto const group = scene::facts(volume).st_gid;
    for (auto const* value : {"1", "2"}) {
        REQUIRE(s.put({{"a", value}}));
        CHECK(scene::mode(s.path) == 02750);
        CHECK(scene::mode(s.path + "/..data") == 02750);
        for (auto const* each : {"", "/..data", "/a"}) CHECK(scene::facts(s.path + each).st_gid == group);
    }
}

TEST_CASE("what a crash left goes before anything new is written, so that crash upon crash cannot fill the volume") {
    scene s;
    REQUIRE(s.put({{"a", "1"}}));
    for (auto const* version : {"/..0123456789abcdef", "/..fedcba9876543210"}) {
        std::filesystem::create_directory(s.path + version);
        std::ofstream(s.path + version + "/a") << "half";
    }
    std::ofstream(s.path + "/b") << "theirs";
    CHECK(!s.put({{"a", "2"}, {"b", "3"}}));
    CHECK(s.names() == std::set<std::string>{"..data", s.version(), "a", "b"});
    CHECK(s.read("a") == "1");
}

TEST_CASE("a name that somebody else has is an error, and the set stays as it was") {
    scene s;
    REQUIRE(s.put({{"a", "1"}}));
    auto const version = s.version();
    std::ofstream(s.path + "/b") << "theirs";
    auto const refused = s.put({{"a", "2"}, {"b", "3"}});
    REQUIRE(!refused);
    CHECK(refused.error().code == base::errc::conflict);
    CHECK(s.read("a") + s.read("b") == "1theirs");
    CHECK(s.version() == version);
    CHECK(s.names() == std::set<std::string>{"..data", version, "a", "b"});
}

TEST_CASE("no folder to make it in: an error, and nothing is left") {
    test::temp_folder folder;
    std::ofstream(folder / "file") << "x";
    auto const refused = file_set(folder / "file/secrets", {0600, {}}).make();
    REQUIRE(!refused);
    CHECK(refused.error().code == base::errc::storage);
}

TEST_CASE("who reads through ..data sees one state of all files, never two, whenever it is switched") {
    scene s;
    auto const state = [](int i) { return std::map<std::string, std::string>{{"a", std::to_string(i)}, {"b", std::to_string(i)}, {"c", std::to_string(i)}}; };
    REQUIRE(s.put(state(0)));
    std::atomic<bool> stop{false};
    std::atomic<int> num_mixed{0}, num_whole{0};
    {
        std::jthread const reader([&] {
            while (!stop) {
                std::error_code gone;
                auto const version = std::filesystem::read_symlink(s.path + "/..data", gone).string();
                auto const a = test::slurp(s.path + "/" + version + "/a"), b = test::slurp(s.path + "/" + version + "/b"), c = test::slurp(s.path + "/" + version + "/c");
                if (gone || version.empty()) ++num_mixed;
                // A version may be removed while it is read: then its last files are missing, but none is another's.
                else if ((b != a && !b.empty()) || (c != b && !c.empty())) ++num_mixed;
                else if (!c.empty()) ++num_whole;
            }
        });
        for (int i = 1; i <= 100 || num_whole < 10; ++i) REQUIRE(s.put(state(i)));
        stop = true;
    }
    CHECK(num_mixed == 0);
}
