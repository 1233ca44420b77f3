// What happens to every request, whichever route it is: admission, the audit line, the count.
#include "roles/safe/service.hpp"

#include "support/process.hpp"
#include "support/tls_identity.hpp"
#include "unit/roles/safe/fixture.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <ranges>
#include <stdexcept>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace vsecm::roles::safe::testing;

namespace {

std::string id_of(std::string_view name, std::string_view space) { return std::format("spiffe://vsecm.com/workload/{}/ns/{}/sa/{}/n/x", name, space, name); }

struct whole : fixture {
    spiffe::peer_policy policy = spiffe::peer_policy::make({}).value();
    audit_stream stream;
    journal audit{stream};
    service served{policy, audit, 1};

    explicit whole(base::unique_fd audit_to) : stream(std::move(audit_to)) {
        served.publish(*safe);
        served.enter(phase::serving);
    }

    net::http_response ask(std::string const& id, std::string method, std::string target, std::string_view body = {}, std::string_view etag = {}) {
        auto r = request(body);
        if (!etag.empty()) r.fields.add("If-None-Match", etag);
        r.verb = net::verb_of(method);
        r.method = std::move(method);
        r.target = std::move(target);
        REQUIRE(net::split_target(r.target, r.path, r.query));
        r.peer = std::make_shared<test::named_peer>(id, std::make_shared<std::atomic<bool>>(true));
        return run(served.handle(r, exchange));
    }

    std::string counted() const {
        metrics::page page(metrics::format::text);
        served.write_metrics(page);
        return std::move(page).finish();
    }
};

std::string const workload = id_of("billing", "default"), sentinel = id_of("vsecm-sentinel", "vsecm-system"), clerk = id_of("vsecm-clerk", "default");
constexpr auto secrets = "/sentinel/v1/secrets";
constexpr auto upsert = R"({"workloads":["billing"],"value":"x"})";

}  // namespace

TEST_CASE("a watcher that leaves is no failure of ours, in the audit or in the counts") {
    test::temp_folder folder;
    auto const path = folder / "audit";
    whole safe{base::unique_fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600))};
    REQUIRE(safe.ask(sentinel, "POST", secrets, upsert).status == 200);
    auto const tag = header(safe.ask(workload, "GET", "/workload/v1/secrets"), "ETag");
    safe.exchange.client_leaves = true;
    CHECK(safe.ask(workload, "GET", "/workload/v1/secrets?wait=30", {}, tag).status == 499);
    safe.exchange.client_leaves = false;
    safe.exchange.ends = true;
    CHECK(safe.ask(workload, "GET", "/workload/v1/secrets?wait=30", {}, tag).status == 503);
    auto const counts = safe.counted();
    CHECK(counts.contains("\nvsecm_http_held_requests_total{route=\"fetch\",code=\"499\"} 1\n"));
    CHECK(counts.contains("\nvsecm_http_held_requests_total{route=\"fetch\",code=\"503\"} 1\n"));
    CHECK(test::slurp(path).contains("\"outcome\":\"client_gone\""));
}

TEST_CASE("a handler that throws is answered, counted, and has its line in the audit") {
    test::temp_folder folder;
    auto const path = folder / "audit";
    whole safe{base::unique_fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600))};
    safe.served.enter(phase::sealed);
    safe.served.on_unseal([](crypto::root_key) -> net::awaitable<base::result<std::string>> { throw std::runtime_error("hunter2"); });
    auto const key = crypto::root_key::generate();
    auto const lines = key.print();
    std::vector<std::string> words;
    for (auto const line : std::views::split(lines.view(), '\n')) words.emplace_back(std::string_view(line));
    auto const posted = std::format(R"({{"ageSecretKey":"{}","agePublicKey":"{}","aesCipherKey":"{}"}})", words.at(0), words.at(1), words.at(2));
    auto const given = safe.ask(sentinel, "POST", "/sentinel/v1/keys", posted);
    CHECK(given.status == 500);
    CHECK(given.close);
    CHECK_FALSE(given.body.view().contains("hunter2"));
    auto const audit = test::slurp(path);
    CHECK(audit.contains("\"event\":\"keys\",\"outcome\":\"internal\""));
    CHECK_FALSE(audit.contains("hunter2"));
    CHECK(safe.counted().contains("\nvsecm_http_requests_total{route=\"keys\",code=\"500\"} 1\n"));
}

TEST_CASE("no workload can flood the audit so that operators are refused") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    base::unique_fd const reader(ends[0]);  // and reads nothing
    whole safe{base::unique_fd(ends[1])};
    // Refused, unknown or granted, with a target as long as the server takes it.
    std::string const padding(15'000, 'x');
    for (int i = 0; i < 1500; ++i) {
        CHECK(safe.ask(workload, "POST", secrets + ("?" + padding), upsert).status == 403);
        CHECK(safe.ask(workload, "GET", "/" + padding).status == 400);
        CHECK(safe.ask(workload, "GET", "/workload/v1/secrets?" + padding).status == 404);
        CHECK(safe.ask(clerk, "GET", "/" + padding).status == 400);
    }
    CHECK(safe.stream.lost() > 0);
    CHECK(safe.ask(sentinel, "POST", secrets, upsert).status == 200);
    CHECK(safe.ask(workload, "GET", "/workload/v1/secrets").status == 200);
    // A clerk is a workload too: what it writes waits for the room that workloads have.
    CHECK(safe.ask(clerk, "POST", "/workload/v1/secrets", R"({"key":"raw:x","data":"v"})").status == 503);
    auto const text = safe.counted();
    CHECK(text.contains("\nvsecm_audit_stuck 0\n"));
    CHECK_FALSE(text.contains("\nvsecm_audit_lines_lost_total 0\n"));
    // Only what operators do fills the rest, and then they are told.
    std::string names;
    for (int i = 0; i < 1000; ++i) names += (i == 0 ? "\"" : ",\"") + std::string(120, 'n') + std::to_string(i) + "\"";
    auto const removal = "{\"workloads\":[" + names + "]}";
    int num_done = 0;
    while (num_done < 50 && safe.ask(sentinel, "DELETE", secrets, removal).status == 200) ++num_done;
    CHECK(num_done > 5);
    CHECK(num_done < 50);
    CHECK(safe.ask(sentinel, "POST", secrets, upsert).status == 503);
    CHECK(safe.counted().contains("\nvsecm_audit_stuck 1\n"));
}
