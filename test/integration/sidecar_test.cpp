// The file a sidecar keeps, through everything that happens to the system around it.
#include "integration/scripted_safe.hpp"
#include "integration/system.hpp"

#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace vsecm;
using test::eventually, test::slurp;
using std::chrono::seconds, std::chrono::milliseconds;

namespace {

constexpr seconds patience{20};

// Short pauses, so that what happens after a failure happens soon.
test::environment_map const eager{{"VSECM_SIDECAR_POLL_INTERVAL", "100"}, {"VSECM_SIDECAR_MAX_POLL_INTERVAL", "500"}};

struct scene {
    explicit scene(std::vector<std::string> dev_options = {}) : local({"billing"}, {}, std::move(dev_options)) {}
    test::process sidecar(test::environment_map more = {}) {
        more.insert(eager.begin(), eager.end());
        return local.launch("billing", {"sidecar"}, "sidecar-" + std::to_string(++num_sidecars), std::move(more));
    }
    bool holds(std::string const& content) const { return eventually(patience, [&] { return std::filesystem::exists(file) && slurp(file) == content; }); }
    struct stat facts() const {
        struct stat now{};
        ::stat(file.c_str(), &now);
        return now;
    }
    std::size_t num_fetches() const {
        auto const audit = slurp(local.path("log/audit"));
        std::size_t num = 0;
        for (auto at = audit.find("workload/billing/"); at != std::string::npos; at = audit.find("workload/billing/", at + 1)) ++num;
        return num;
    }

    test::system local;
    std::string const file = local.path("secrets/billing.json");
    int num_sidecars = 0;
};

bool same_file(struct stat const& a, struct stat const& b) {
    return a.st_ino == b.st_ino && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

TEST_CASE("Q35: a reader never sees a part of a value, nor an empty file; and the mode is as told") {
    scene s;
    std::string const first(200'000, 'a'), second(150'000, 'b');
    s.local.sentinel({"-w", "billing", "-s", "-"}, first);
    auto sidecar = s.sidecar({{"VSECM_SIDECAR_FILE_MODE", "0640"}});
    REQUIRE(s.holds(first));
    std::atomic<bool> stop{false};
    std::atomic<int> num_wrong{0};
    std::atomic<std::uint64_t> num_reads{0};
    {
        std::jthread const reader([&] {
            for (; !stop; ++num_reads)
                if (auto const now = slurp(s.file); now != first && now != second) ++num_wrong;
        });
        for (int i = 0; i < 10; ++i) {
            s.local.sentinel({"-w", "billing", "-s", "-"}, i % 2 == 0 ? second : first);
            CHECK(s.holds(i % 2 == 0 ? second : first));
        }
        stop = true;
    }
    CHECK(num_reads > 10);
    CHECK(num_wrong == 0);
    CHECK((s.facts().st_mode & 07777) == 0640);
    // Nothing is left beside it.
    for (auto const& entry : std::filesystem::directory_iterator(s.local.path("secrets"))) CHECK(entry.path().string() == s.file);
    sidecar.signal(SIGTERM);
    CHECK(sidecar.wait(patience) == 0);
    CHECK(slurp(s.file) == first);
}

TEST_CASE("a file that has the content but another mode gets its mode") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto const started_with = [&](std::string const& mode, ::mode_t expected) {
        auto sidecar = s.sidecar({{"VSECM_SIDECAR_FILE_MODE", mode}});
        CHECK(eventually(patience, [&] { return s.holds("TopSecret") && (s.facts().st_mode & 07777) == expected; }));
        sidecar.signal(SIGTERM);
        CHECK(sidecar.wait(patience) == 0);
    };
    started_with("0644", 0644);
    started_with("0400", 0400);
    ::chmod(s.file.c_str(), 0666);
    started_with("0400", 0400);
}

TEST_CASE("Q35: what has not changed is not written again, by the same sidecar or the next, whatever becomes of safe") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto before = s.facts();
    {
        // The audit has a held request when it ends: these end soon.
        auto sidecar = s.sidecar({{"VSECM_SIDECAR_WAIT", "1s"}});
        REQUIRE(s.holds("TopSecret"));
        before = s.facts();
        auto const fetches = s.num_fetches();
        s.local.kill_safe();
        CHECK(eventually(patience, [&] { return s.num_fetches() > fetches; }));
        s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
        CHECK(same_file(before, s.facts()));
        sidecar.signal(SIGTERM);
        CHECK(sidecar.wait(patience) == 0);
    }
    auto const fetches = s.num_fetches();
    auto again = s.sidecar();
    CHECK(eventually(patience, [&] { return s.num_fetches() > fetches; }));
    again.signal(SIGTERM);
    CHECK(again.wait(patience) == 0);
    CHECK(same_file(before, s.facts()));
    CHECK((before.st_mode & 07777) == 0600);
}

TEST_CASE("Q34: the file outlives an absent safe, a damaged store and a lost one; only a deletion empties it") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto sidecar = s.sidecar();
    REQUIRE(s.holds("TopSecret"));

    s.local.stop_dev();
    CHECK(sidecar.says("safe_away", patience));
    CHECK(slurp(s.file) == "TopSecret");

    auto const stored = slurp(s.local.path("data/billing.age"));
    std::ofstream(s.local.path("data/billing.age"), std::ios::binary) << stored.substr(0, stored.size() - 10);
    s.local.start_dev();
    CHECK(sidecar.says("damaged", patience));
    CHECK(slurp(s.file) == "TopSecret");

    s.local.stop_dev();
    std::filesystem::remove_all(s.local.path("data"));
    s.local.start_dev();
    CHECK(sidecar.says("file_kept", patience));
    CHECK(slurp(s.file) == "TopSecret");

    s.local.sentinel({"-w", "billing", "-s", "Anew"});
    CHECK(s.holds("Anew"));
    s.local.sentinel({"-w", "billing", "-d"});
    CHECK(s.holds(""));
    CHECK(sidecar.running());
}

TEST_CASE("each outage of safe is told, and its end, though the secret stays the same and requests are held for long") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    auto sidecar = s.sidecar();
    REQUIRE(s.holds("TopSecret"));
    auto const num = [&](std::string_view event) {
        std::size_t n = 0;
        auto const log = sidecar.err();
        for (auto at = log.find(event); at != log.npos; at = log.find(event, at + 1)) ++n;
        return n;
    };
    for (std::size_t outage = 1; outage <= 2; ++outage) {
        auto const before = num("safe_away");
        s.local.kill_safe();
        CHECK(eventually(patience, [&] { return num("safe_away") > before && num("well_again") == outage; }));
    }
}

TEST_CASE("Q36 Q37: a sidecar comes before everything else, and waits; nothing makes it end or hang") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    s.local.stop_dev();
    std::filesystem::remove_all(s.local.path("identity/billing.sock"));
    auto sidecar = s.sidecar({{"VSECM_SAFE_SOURCE_ACQUISITION_TIMEOUT", "300"}});
    CHECK(sidecar.says("no_identity", patience));
    CHECK(sidecar.running());
    s.local.start_dev();
    CHECK(s.holds("TopSecret"));
    sidecar.signal(SIGTERM);
    CHECK(sidecar.wait(patience) == 0);

    // Something accepts, and never says a word.
    int const silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::socklen_t len = sizeof where;
    REQUIRE(::bind(silent, reinterpret_cast<::sockaddr*>(&where), sizeof where) == 0);
    REQUIRE(::listen(silent, 16) == 0);
    ::getsockname(silent, reinterpret_cast<::sockaddr*>(&where), &len);
    auto stuck = s.sidecar({{"VSECM_REQUEST_TIMEOUT", "500ms"}, {"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(ntohs(where.sin_port)) + "/"}});
    CHECK(stuck.says("safe_away", patience));
    CHECK(stuck.err().contains("timeout"));
    CHECK(slurp(s.file) == "TopSecret");
    stuck.signal(SIGTERM);
    CHECK(stuck.wait(patience) == 0);
    ::close(silent);
}

TEST_CASE("an original safe is polled; its errors keep the file, its 404 empties it") {
    scene s;
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    original.answer_fetch(200, R"({"data":"One","created":"\"2024-01-01T00:00:00Z\"","updated":"\"2024-01-01T00:00:00Z\""})");
    auto sidecar = s.sidecar({{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(original.port()) + "/"}});
    CHECK(s.holds("One"));
    auto const first = s.facts();
    auto const polls = original.num_fetches();
    CHECK(eventually(patience, [&] { return original.num_fetches() > polls + 3; }));
    CHECK(same_file(first, s.facts()));
    for (unsigned const status : {500U, 400U, 503U, 403U}) {
        original.answer_fetch(status, "");
        auto const asked = original.num_fetches();
        CHECK(eventually(patience, [&] { return original.num_fetches() > asked + 1; }));
        CHECK(slurp(s.file) == "One");
    }
    original.answer_fetch(200, R"({"data":"Two","created":"","updated":""})");
    CHECK(s.holds("Two"));
    original.answer_fetch(404, "");
    CHECK(s.holds(""));
}

TEST_CASE("a safe that holds no request, and calls the same bytes another version each time, is not asked in a tight loop") {
    scene s;
    test::scripted_safe restless(s.local.environment_of("vsecm-safe"), "vsecm/1");
    restless.answer_fetch(200, R"({"data":"One","created":"","updated":""})");
    restless.tag_anew();
    auto const begun = std::chrono::steady_clock::now();
    auto sidecar = s.sidecar({{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(restless.port()) + "/"}});
    REQUIRE(s.holds("One"));
    CHECK(eventually(patience, [&] { return restless.num_fetches() >= 5; }));
    CHECK(std::chrono::steady_clock::now() - begun > milliseconds{1'500});  // a second, but for a tenth, before each but the first three
}

TEST_CASE("Q35: what somebody removes or writes over is put right, by an answer that has no news") {
    scene s;
    s.local.sentinel({"-w", "billing", "-s", "TopSecret"});
    {
        auto sidecar = s.sidecar({{"VSECM_SIDECAR_WAIT", "1s"}});
        REQUIRE(s.holds("TopSecret"));
        std::filesystem::remove(s.file);
        CHECK(s.holds("TopSecret"));
        std::ofstream(s.file) << "Forged";
        CHECK(s.holds("TopSecret"));
        CHECK(sidecar.says("volume_put_right", patience));
        auto const right = s.facts();
        auto const fetches = s.num_fetches();
        CHECK(eventually(patience, [&] { return s.num_fetches() > fetches + 1; }));
        CHECK(same_file(right, s.facts()));
    }
    // A safe that cannot push sends all of it each time.
    test::scripted_safe original(s.local.environment_of("vsecm-safe"), "");
    original.answer_fetch(200, R"({"data":"One","created":"","updated":""})");
    auto sidecar = s.sidecar({{"VSECM_SAFE_ENDPOINT_URL", "https://127.0.0.1:" + std::to_string(original.port()) + "/"}});
    REQUIRE(s.holds("One"));
    std::filesystem::remove(s.file);
    CHECK(s.holds("One"));
}

TEST_CASE("identities that live four seconds are rotated under a watching sidecar, and it follows every change") {
    scene s({"--svid-ttl", "4"});
    auto sidecar = s.sidecar();
    auto const end = std::chrono::steady_clock::now() + seconds{10};
    for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
        s.local.sentinel({"-w", "billing", "-s", "value-" + std::to_string(i)});
        REQUIRE(s.holds("value-" + std::to_string(i)));
        std::this_thread::sleep_for(milliseconds{300});  // a watch to be interrupted by a rotation
    }
    CHECK(sidecar.running());
}
