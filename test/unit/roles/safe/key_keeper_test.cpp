// The root key replaced while safe serves, and a replaced one forgotten: what is stored when, and what is refused.
#include "roles/safe/key_keeper.hpp"

#include "roles/safe/root_key_file.hpp"
#include "support/process.hpp"
#include "support/run_loop.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sodium.h>

#include <fstream>

using namespace vsecm;
using namespace vsecm::roles::safe;
using base::errc;

namespace {

// Keeps the key in a file, and fails where it is told to.
class unsure_store final : public root_key_store {
public:
    enum class fault { none, refused, done_badly };
    explicit unsure_store(std::string path) : file_(base::posix_files(), std::move(path)) {}

    fault next = fault::none;

    net::awaitable<base::result<std::optional<crypto::root_key>>> load() override { co_return co_await file_.load(); }
    net::awaitable<base::status> create(crypto::root_key const& key) override { co_return co_await file_.create(key); }
    net::awaitable<base::status> replace(crypto::root_key const& seen, crypto::root_key const& next_key) override {
        auto const how = std::exchange(next, fault::none);
        if (how == fault::refused) co_return base::fail(errc::storage, "the disk is full");
        auto done = co_await file_.replace(seen, next_key);
        if (how == fault::done_badly) co_return base::fail(errc::storage, "the answer was lost");
        co_return done;
    }
    std::string describe() const override { return file_.describe(); }

private:
    root_key_file file_;
};

// Stands still in create() until it is told to go on.
class slow_store final : public root_key_store {
public:
    explicit slow_store(net::executor loop) : held(std::move(loop), std::chrono::steady_clock::time_point::max()) {}

    net::timer held;
    int num_calls = 0;

    net::awaitable<base::result<std::optional<crypto::root_key>>> load() override {
        ++num_calls;
        co_return std::nullopt;
    }
    net::awaitable<base::status> create(crypto::root_key const&) override {
        ++num_calls;
        co_await held.async_wait(net::as_result);
        co_return base::status{};
    }
    net::awaitable<base::status> replace(crypto::root_key const&, crypto::root_key const&) override {
        ++num_calls;
        co_return base::status{};
    }
    std::string describe() const override { return "slow"; }
};

struct fixture {
    test::temp_folder folder;
    test::run_loop loop;
    config::safe_settings settings;
    unsure_store keys{folder / "key.txt"};
    std::shared_ptr<crypto::root_key const> first;
    std::unique_ptr<vault> safe;

    fixture() {
        REQUIRE(sodium_init() >= 0);
        std::vector<std::string> warnings;
        settings = config::safe_settings::load(base::environment({{"VSECM_SAFE_DATA_PATH", folder / "data"}}), warnings).value();
        first = std::make_shared<crypto::root_key const>(crypto::root_key::generate());
        REQUIRE(loop.run(keys.create(*first)));
        safe = open(first);
        put("billing", "TopSecret");
    }

    std::unique_ptr<vault> open(std::shared_ptr<crypto::root_key const> key) {
        auto opened = vault::open(settings, std::move(key), true, base::system_clock());
        REQUIRE(opened);
        return *std::move(opened);
    }
    void put(std::string name, std::string_view value) {
        store::change c;
        c.name = std::move(name);
        c.value = base::secret_text(value);
        std::vector<store::change> all;
        all.push_back(std::move(c));
        REQUIRE(safe->secrets().commit_and_wait(std::move(all)));
    }
    crypto::root_key stored() { return *std::move(loop.run(keys.load()).value()); }
    base::result<api::rotation> rotate(key_keeper& keeper, std::optional<crypto::root_key> given = std::nullopt) {
        return loop.run(keeper.rotate(*safe, std::move(given)));
    }
};

}  // namespace

TEST_CASE("a rotation stores the new key with the old one behind it, and everything is encrypted anew") {
    fixture f;
    key_keeper keeper(f.loop.executor(), &f.keys);
    auto const done = f.rotate(keeper);
    REQUIRE(done);
    CHECK(done->replaced == f.first->id());
    CHECK(done->present == f.safe->cipher().key()->id());
    auto const stored = f.stored();
    CHECK(stored.id() == done->present);
    CHECK(stored.recipient().print() == done->public_key);
    CHECK(stored.older_ids() == std::vector{f.first->id()});
    REQUIRE(f.safe->secrets().renew_and_wait());
    auto const sealed = test::slurp(f.folder / "data/billing.age");
    CHECK(crypto::open_with(stored.without(f.first->id()).value().ring(), base::as_bytes(sealed)).has_value());

    auto const forgotten = f.loop.run(keeper.forget(*f.safe, f.first->id()));
    REQUIRE(forgotten);
    CHECK(forgotten->empty());
    CHECK(f.stored().older_ids().empty());
    CHECK(f.safe->cipher().key()->older_ids().empty());
    f.safe.reset();
    f.safe = f.open(std::make_shared<crypto::root_key const>(f.stored()));
    CHECK(f.safe->secrets().value_text(*f.safe->secrets().find("billing")).value().view() == "TopSecret");
}

TEST_CASE("a key that cannot be stored is not used; one that was stored all the same is found by the next try") {
    fixture f;
    key_keeper keeper(f.loop.executor(), &f.keys);
    f.keys.next = unsure_store::fault::refused;
    CHECK(f.rotate(keeper).error().code == errc::storage);
    CHECK(f.safe->cipher().key()->id() == f.first->id());
    CHECK(f.stored().id() == f.first->id());

    f.keys.next = unsure_store::fault::done_badly;
    CHECK(f.rotate(keeper).error().code == errc::storage);
    CHECK(f.safe->cipher().key()->id() == f.first->id());
    auto const there = f.stored().id();
    CHECK(there != f.first->id());
    auto const again = f.rotate(keeper);
    REQUIRE(again);
    CHECK(again->present == there);
    CHECK(f.safe->cipher().key()->id() == there);

    f.keys.next = unsure_store::fault::done_badly;
    CHECK_FALSE(f.loop.run(keeper.forget(*f.safe, f.first->id())));
    CHECK(f.safe->cipher().key()->older_ids().size() == 1);
    CHECK(f.loop.run(keeper.forget(*f.safe, f.first->id())));
    CHECK(f.safe->cipher().key()->older_ids().empty());
}

TEST_CASE("somebody else's key in the place of ours is not written over") {
    fixture f;
    key_keeper keeper(f.loop.executor(), &f.keys);
    auto const other = crypto::root_key::generate();
    REQUIRE(f.loop.run(f.keys.replace(*f.first, other)));
    auto const refused = f.rotate(keeper);
    CHECK(refused.error().code == errc::conflict);
    CHECK(f.stored().id() == other.id());
    CHECK(f.safe->cipher().key()->id() == f.first->id());
}

TEST_CASE("while a key that was given by hand is being stored, none is rotated or forgotten") {
    fixture f;
    slow_store keys(f.loop.executor());
    key_keeper keeper(f.loop.executor(), &keys);
    std::optional<base::status> kept;
    auto const keep = [&]() -> net::awaitable<void> { kept = co_await keeper.keep(*f.safe); };
    net::asio::co_spawn(f.loop.context, keep(), net::asio::detached);
    f.loop.until([&] { return keys.num_calls > 0; });
    CHECK(f.rotate(keeper).error().code == errc::conflict);
    CHECK(f.loop.run(keeper.forget(*f.safe, "00000000")).error().code == errc::conflict);
    CHECK(f.loop.run(keeper.keep(*f.safe)).error().code == errc::conflict);
    CHECK(keys.num_calls == 1);
    CHECK_FALSE(kept);
    keys.held.cancel();
    f.loop.until([&] { return kept.has_value(); });
    CHECK(*kept);
    CHECK(f.rotate(keeper));
}

TEST_CASE("a key that was given by hand may be there already, but not another") {
    fixture f;
    key_keeper keeper(f.loop.executor(), &f.keys);
    CHECK(f.loop.run(keeper.keep(*f.safe)));
    REQUIRE(f.loop.run(f.keys.replace(*f.first, crypto::root_key::generate())));
    CHECK(f.loop.run(keeper.keep(*f.safe)).error().code == errc::conflict);
}

TEST_CASE("an identity that came back with another seed: the earlier pair is forgotten by the same id") {
    fixture f;
    key_keeper keeper(f.loop.executor(), nullptr);
    REQUIRE(f.rotate(keeper, crypto::root_key::generate()));
    auto const printed = f.first->print();
    auto const same_identity = std::string(printed.view().substr(0, printed.view().rfind('\n') + 1)) + std::string(64, 'a');
    REQUIRE(f.rotate(keeper, crypto::root_key::parse(same_identity).value()));
    auto const older = f.safe->cipher().key()->older_ids();
    REQUIRE(older.size() == 2);
    CHECK(older[1] == f.first->id());
    CHECK(f.loop.run(keeper.forget(*f.safe, f.first->id())));
    CHECK(f.safe->cipher().key()->older_ids() == std::vector{older[0]});
    CHECK(f.loop.run(keeper.forget(*f.safe, f.first->id())).error().code == errc::invalid);
}

TEST_CASE("in memory only, the operator brings the new key") {
    fixture f;
    key_keeper keeper(f.loop.executor(), nullptr);
    auto const refused = f.rotate(keeper);
    CHECK(refused.error().code == errc::invalid);
    CHECK(refused.error().what.contains("vsecm keygen"));
    auto given = crypto::root_key::generate();
    auto const id = given.id();
    auto const done = f.rotate(keeper, std::move(given));
    REQUIRE(done);
    CHECK(done->present == id);
    CHECK(f.safe->cipher().key()->older_ids() == std::vector{f.first->id()});
    auto present = crypto::root_key::parse(f.safe->cipher().key()->print().view()).value();
    CHECK(f.rotate(keeper, std::move(present)).error().code == errc::invalid);
    CHECK(f.stored().id() == f.first->id());  // nothing was written
}

TEST_CASE("a key that something still needs is not forgotten, nor one that is none") {
    fixture f;
    key_keeper keeper(f.loop.executor(), &f.keys);
    REQUIRE(f.rotate(keeper));
    auto const forget = [&](std::string id) { return f.loop.run(keeper.forget(*f.safe, std::move(id))); };
    CHECK(forget("00000000").error().code == errc::not_found);
    CHECK(forget(f.safe->cipher().key()->id()).error().code == errc::invalid);
    CHECK(forget("age1nothing").error().code == errc::invalid);
    // Brought back from a backup, under the old key: it is encrypted anew before that goes.
    auto const old_cipher = crypto::value_cipher(f.first, crypto::cipher_mode::age);
    auto const sealed = old_cipher.encrypt(base::as_bytes(R"({"name":"late","value":"v"})"));
    std::ofstream(f.folder / "data/history/late.1.age", std::ios::binary) << base::as_text(sealed);
    auto const stranger = crypto::value_cipher(std::make_shared<crypto::root_key const>(crypto::root_key::generate()), crypto::cipher_mode::age);
    auto const foreign = stranger.encrypt(base::as_bytes("{}"));
    std::ofstream(f.folder / "data/history/late.2.age", std::ios::binary) << base::as_text(foreign);
    auto const done = forget(f.first->recipient().print());
    REQUIRE(done);
    REQUIRE(done->size() == 1);
    CHECK(done->front().contains("history/late.2.age"));
    auto const now = test::slurp(f.folder / "data/history/late.1.age");
    CHECK(f.safe->cipher().decrypt(base::as_bytes(now)).has_value());
    CHECK(f.safe->cipher().key()->older_ids().empty());
}
