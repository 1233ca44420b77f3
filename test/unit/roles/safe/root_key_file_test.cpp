#include "roles/safe/root_key_file.hpp"

#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"
#include "unit/store/by_hand.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <semaphore>
#include <thread>
#include <vector>

using namespace vsecm;
using namespace vsecm::roles::safe;

namespace {

void write(std::string const& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

base::result<crypto::root_key> load_or_make(std::string const& path, std::string const& data) {
    test::run_loop loop;
    root_key_file keys(base::posix_files(), path);
    return loop.run(load_or_make_root_key(keys, base::posix_files(), data));
}

}  // namespace

TEST_CASE("a new key is made once, kept 0600, and read back") {
    test::temp_folder folder;
    auto const path = folder / "key/key.txt";
    auto const made = load_or_make(path, folder / "data");
    REQUIRE(made);
    struct ::stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0600);
    auto const again = load_or_make(path, folder / "data");
    REQUIRE(again);
    CHECK(again->id() == made->id());
}

TEST_CASE("the first key's folder lasts before the key is used") {
    struct watched_files final : store::testing::passing_on {
        std::vector<std::string> calls;
        base::status make_folder(std::string const& path, ::mode_t mode) override {
            calls.push_back("make " + path);
            return passing_on::make_folder(path, mode);
        }
        base::status sync_folder(std::string const& path) override {
            calls.push_back("sync " + path);
            return passing_on::sync_folder(path);
        }
    };
    test::temp_folder folder;
    test::run_loop loop;
    watched_files files;
    root_key_file keys(files, folder / "a/key.txt");
    REQUIRE(loop.run(keys.create(crypto::root_key::generate())));
    CHECK(files.calls == std::vector{"make " + (folder / "a"), "sync " + folder.path(), "sync " + (folder / "a")});
}

TEST_CASE("the loop goes on while the disk takes its time") {
    // Writes only when the loop has done something meanwhile.
    struct slow_files final : store::testing::passing_on {
        test::run_loop loop;
        std::binary_semaphore seen{0};
        int num_in_time = 0;
        base::status write_new_synced(std::string const& path, base::byte_view bytes, ::mode_t mode) override {
            net::asio::post(loop.executor(), [this] { seen.release(); });
            num_in_time += seen.try_acquire_for(std::chrono::seconds(5));
            return passing_on::write_new_synced(path, bytes, mode);
        }
    };
    test::temp_folder folder;
    slow_files files;
    root_key_file keys(files, folder / "key.txt");
    auto const first = crypto::root_key::generate(), second = crypto::root_key::generate();
    REQUIRE(files.loop.run(keys.create(first)));
    REQUIRE(files.loop.run(keys.replace(first, second)));
    CHECK(files.num_in_time == 2);
    auto const there = files.loop.run(keys.load());
    REQUIRE(there);
    CHECK((*there)->id() == second.id());
}

TEST_CASE("the original's placeholder {} means: none yet") {
    test::temp_folder folder;
    write(folder / "key.txt", "{}\n");
    CHECK(load_or_make(folder / "key.txt", folder / "data"));
    CHECK(test::slurp(folder / "key.txt").starts_with("AGE-SECRET-KEY-1"));
}

TEST_CASE("Q7: no key is generated while any store file exists") {
    test::temp_folder folder;
    REQUIRE(base::posix_files().make_folder(folder / "data", 0700));
    for (auto const* name : {"data/billing.age", "data/billing-1-.age.backup"}) {
        write(folder / name, "x");
        auto const refused = load_or_make(folder / "key.txt", folder / "data");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == base::errc::conflict);
        CHECK(refused.error().what.contains("VSECM_ROOT_KEY_PATH"));
        CHECK(test::slurp(folder / "key.txt").empty());
        REQUIRE(base::posix_files().remove(folder / name));
    }
}

TEST_CASE("Q7: nor while a deleted secret's marker or an earlier version exists") {
    test::temp_folder folder;
    for (auto const* part : {"data", "data/deleted", "data/history", "data/quarantine"})
        REQUIRE(base::posix_files().make_folder(folder / part, 0700));
    for (auto const* name : {"data/deleted/billing.age", "data/history/billing.1.age", "data/quarantine/billing.1.age"}) {
        write(folder / name, "x");
        CHECK_FALSE(load_or_make(folder / "key.txt", folder / "data"));
        REQUIRE(base::posix_files().remove(folder / name));
    }
}

TEST_CASE("Q7: several that start at once agree on one key, the one that is kept") {
    test::temp_folder folder;
    auto const path = folder / "key/key.txt";
    std::array<std::string, 8> ids;
    {
        std::vector<std::jthread> starters;
        for (auto& id : ids) {
            starters.emplace_back([&] {
                if (auto key = load_or_make(path, folder / "data")) id = key->id();
            });
        }
    }
    auto const kept = load_or_make(path, folder / "data");
    REQUIRE(kept);
    for (auto const& id : ids) CHECK(id == kept->id());
}

TEST_CASE("Q30: a malformed key is an error that quotes nothing of it") {
    test::temp_folder folder;
    write(folder / "key.txt", "AGE-SECRET-KEY-1NOTAKEY\nage1nothing\nabc\n");
    auto const refused = load_or_make(folder / "key.txt", folder / "data");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == base::errc::invalid);
    CHECK_FALSE(refused.error().what.contains("NOTAKEY"));
}

TEST_CASE("a key is replaced only by who knows the one that is there") {
    test::temp_folder folder;
    test::run_loop loop;
    auto const path = folder / "key.txt";
    root_key_file keys(base::posix_files(), path);
    auto const first = crypto::root_key::generate(), second = crypto::root_key::generate();
    CHECK(loop.run(keys.replace(first, second)).error().code == base::errc::conflict);
    REQUIRE(loop.run(keys.create(first)));
    CHECK(loop.run(keys.create(second)).error().code == base::errc::conflict);
    REQUIRE(loop.run(keys.replace(first, second)));
    CHECK(loop.run(keys.replace(first, second)).error().code == base::errc::conflict);
    auto const kept = loop.run(keys.load());
    REQUIRE((kept && *kept));
    CHECK(same_key(**kept, second));
}
