#include "roles/safe/journal.hpp"

#include "codec/json_reader.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <set>
#include <thread>

using namespace vsecm;
using namespace vsecm::roles::safe;

TEST_CASE("Q49: an entry is one JSON line with every field, and nothing can break out of it") {
    test::temp_folder folder;
    int const fd = ::open((folder / "audit").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    base::manual_clock const clock(base::parse_rfc3339("2024-01-02T15:04:05.000123Z").value());
    journal audit(fd, clock);
    std::vector<std::string> const names{"a\"}\n{\"x", "b"};
    audit.record({"cid12345", "fetch", "denied", "spiffe://vsecm.com/workload/a", "workload", "GET", "/x\r\ny", 403, names, "no\tright"});
    ::close(fd);
    auto const text = test::slurp(folder / "audit");
    REQUIRE(std::ranges::count(text, '\n') == 1);
    auto const line = codec::json_document::parse(base::secret_text(text));
    REQUIRE(line);
    auto const root = line->root();
    CHECK(root.member("time")->as_string() == "2024-01-02T15:04:05.000123Z");
    CHECK(root.member("names")->size() == 2);
    CHECK((*root.member("names")->elements().begin()).as_string() == names[0]);
    CHECK(root.member("status")->as_int() == 403);
    CHECK(root.member("target")->as_string() == "/x\r\ny");
    CHECK(root.member("reason")->as_string() == "no\tright");
}

TEST_CASE("a stream that refuses is counted, not fatal") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::close(ends[0]);
    std::signal(SIGPIPE, SIG_IGN);
    journal audit(ends[1]);
    audit.record({});
    CHECK(audit.lost() == 1);
    ::close(ends[1]);
}

TEST_CASE("lines of several threads never mix") {
    test::temp_folder folder;
    int const fd = ::open((folder / "audit").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    {
        journal audit(fd);
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) audit.record({"c", "fetch", "ok", "spiffe://vsecm.com/x", "workload", "GET", "/", 200, {}, {}});
            });
    }
    ::close(fd);
    auto const text = test::slurp(folder / "audit");
    std::size_t at = 0, lines = 0;
    for (; at < text.size(); ++lines) {
        auto const end = text.find('\n', at);
        REQUIRE(text[at] == '{');
        REQUIRE(text[end - 1] == '}');
        REQUIRE(end - at < 260);
        at = end + 1;
    }
    CHECK(lines == 2000);
}

TEST_CASE("correlation ids are eight letters or digits, and differ") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        auto const id = new_correlation_id();
        CHECK(id.size() == 8);
        CHECK(std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0; }));
        seen.insert(id);
    }
    CHECK(seen.size() == 1000);
}
