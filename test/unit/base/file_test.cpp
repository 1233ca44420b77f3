#include "base/file.hpp"
#include "base/folder_lock.hpp"
#include "base/leftovers.hpp"
#include "support/passing_on.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <thread>

using namespace vsecm;
using namespace vsecm::base;

namespace {

struct folder {
    std::string path;
    folder() {
        char name[] = "/tmp/vsecm-file-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("replace_file leaves the new content, its mode and nothing else") {
    folder dir;
    auto const path = dir.path + "/secrets.json";
    REQUIRE(replace_file(posix_files(), path, as_bytes("one"), 0640));
    REQUIRE(replace_file(posix_files(), path, as_bytes("two"), 0600));
    CHECK(read_file(path, 100).value().view() == "two");
    struct ::stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    CHECK(posix_files().list(dir.path).value().size() == 1);
}

TEST_CASE("a file that is given away can be read by nobody else before") {
    struct watched final : test::passing_on {
        status write_new_synced(std::string const& path, byte_view bytes, ::mode_t mode) override {
            at_first = mode;
            return passing_on::write_new_synced(path, bytes, mode);
        }
        ::mode_t at_first = 0;
    } files;
    folder dir;
    auto const path = dir.path + "/secret";
    bool const may_give_away = ::geteuid() == 0;
    file_owner const owner{may_give_away ? 4242U : ::geteuid(), may_give_away ? 4343U : ::getegid()};
    REQUIRE(replace_file(files, path, as_bytes("x"), 0440, owner));
    CHECK(files.at_first == 0600);
    struct ::stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0440);
    CHECK(owner.has(info.st_uid, info.st_gid));
}

TEST_CASE("two processes of one number, as in two containers, never write to the same file aside") {
    struct watched final : test::passing_on {
        status write_new_synced(std::string const& path, byte_view bytes, ::mode_t mode) override {
            names.insert(path);
            return passing_on::write_new_synced(path, bytes, mode);
        }
        std::set<std::string> names;
    } files;
    folder dir;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    auto const child = ::fork();  // has every counter that we have
    REQUIRE(child >= 0);
    if (child == 0) {
        bool const good = replace_file(files, dir.path + "/secret", as_bytes("x"), 0600).has_value();
        auto const name = *files.names.begin();
        ::_exit(good && ::write(ends[1], name.data(), name.size()) == static_cast<::ssize_t>(name.size()) ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    std::string childs(4096, 0);
    childs.resize(static_cast<std::size_t>(::read(ends[0], childs.data(), childs.size())));
    REQUIRE(replace_file(files, dir.path + "/secret", as_bytes("y"), 0600));
    auto ours = *files.names.begin();
    for (auto* name : {&childs, &ours})
        for (auto const& number : {std::to_string(child), std::to_string(::getpid())})
            if (auto const at = name->rfind(number); at != name->npos && at > dir.path.size()) name->replace(at, number.size(), "1");
    CHECK(childs != ours);
    ::close(ends[0]), ::close(ends[1]);
}

TEST_CASE("a lock on a folder keeps others out, and goes with who has it") {
    folder dir;
    auto held = lock_folder(dir.path, std::chrono::milliseconds{0});
    REQUIRE(held);
    REQUIRE(*held);
    CHECK(lock_folder(dir.path, std::chrono::milliseconds{20}).error().code == errc::conflict);
    std::jthread const later([&held] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        held->reset();
    });
    CHECK(lock_folder(dir.path, std::chrono::seconds{20}));
    auto const none = lock_folder(dir.path + "/none", std::chrono::milliseconds{0});
    REQUIRE(none);
    CHECK(!*none);
}

TEST_CASE("what replace_file leaves when it is killed before the end is what is removed") {
    struct broken_off final : test::passing_on {
        status rename(std::string const&, std::string const&) override { return fail(errc::storage, "broken off"); }
        status remove(std::string const&) override { return fail(errc::storage, "broken off"); }
    } files;
    folder dir;
    REQUIRE(!replace_file(files, dir.path + "/secret", as_bytes("x"), 0600));
    REQUIRE(posix_files().list(dir.path).value().size() == 1);
    remove_leftovers(posix_files(), dir.path + "/secret");
    CHECK(posix_files().list(dir.path).value().empty());
}

TEST_CASE("leftovers of one file are removed, whatever process left them, and nothing else") {
    folder dir;
    auto const path = dir.path + "/secret";
    for (auto const* name : {".secret.tmp-7-0", ".secret.tmp-4711-12", ".other.tmp-7-0", "secret", ".secret"})
        REQUIRE(posix_files().write_new_synced(dir.path + "/" + name, as_bytes("x"), 0600));
    REQUIRE(::mkdir((dir.path + "/.secret.tmp-folder").c_str(), 0700) == 0);
    remove_leftovers(posix_files(), path);
    std::set<std::string> left;
    auto const listed = posix_files().list(dir.path);
    REQUIRE(listed);
    for (auto const& entry : *listed) left.insert(entry.name);
    CHECK(left == std::set<std::string>{".other.tmp-7-0", "secret", ".secret", ".secret.tmp-folder"});
    remove_leftovers(posix_files(), dir.path + "/none/secret");
}

TEST_CASE("reading is bounded and knows files from folders") {
    folder dir;
    REQUIRE(replace_file(posix_files(), dir.path + "/a", as_bytes("12345"), 0600));
    CHECK(read_file(dir.path + "/a", 5).value().view() == "12345");
    CHECK(read_file(dir.path + "/a", 4).error().code == errc::too_large);
    CHECK(read_file(dir.path + "/b", 4).error().code == errc::not_found);
    CHECK(read_file(dir.path, 4).error().code == errc::invalid);
    REQUIRE(::mkfifo((dir.path + "/fifo").c_str(), 0600) == 0);
    CHECK(read_file(dir.path + "/fifo", 4).error().code == errc::invalid);
}

TEST_CASE("a new file never follows a link or overwrites") {
    folder dir;
    REQUIRE(::symlink("/etc/passwd", (dir.path + "/link").c_str()) == 0);
    CHECK(posix_files().write_new_synced(dir.path + "/link", as_bytes("x"), 0600).error().code == errc::storage);
    REQUIRE(posix_files().write_new_synced(dir.path + "/new", as_bytes("x"), 0600));
    CHECK_FALSE(posix_files().write_new_synced(dir.path + "/new", as_bytes("y"), 0600).has_value());
}
