#include "roles/safe/journal.hpp"

#include "codec/json_reader.hpp"
#include "codec/utf8.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <set>

using namespace vsecm;
using namespace vsecm::roles::safe;

namespace {
base::unique_fd file(std::string const& path) { return base::unique_fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)}; }
}  // namespace

TEST_CASE("Q49: an entry is one JSON line with every field, and nothing can break out of it") {
    test::temp_folder folder;
    audit_stream stream(file(folder / "audit"));
    base::manual_clock const clock(base::parse_rfc3339("2024-01-02T15:04:05.000123Z").value());
    journal audit(stream, clock);
    std::vector<std::string> const names{"a\"}\n{\"x", "b"};
    audit.record({"cid12345", "fetch", "denied", "spiffe://vsecm.com/workload/a", "workload", "GET", "/x\r\ny", 403, names, "no\tright"});
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

TEST_CASE("bytes that are no UTF-8 do not make a line that no reader of JSON takes") {
    test::temp_folder folder;
    audit_stream stream(file(folder / "audit"));
    journal audit(stream);
    std::vector<std::string> const names{"M\xc3\xbcller", "a\xff\xc3", "\xed\xa0\x80"};
    journal_entry entry;
    entry.names = names;
    entry.target = "/x?\xff\xf0\x9f\x94\x91";
    audit.record(entry);
    auto const text = test::slurp(folder / "audit");
    CHECK(codec::is_valid_utf8(text));
    CHECK(text.contains("[\"M\xc3\xbcller\",\"a\xef\xbf\xbd\xef\xbf\xbd\",\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"]"));
    CHECK(text.contains("\"target\":\"/x?\xef\xbf\xbd\xf0\x9f\x94\x91\""));
}

TEST_CASE("a caller cannot make a line long") {
    test::temp_folder folder;
    audit_stream stream(file(folder / "audit"));
    journal audit(stream);
    journal_entry entry;
    std::string const method(10'000, 'M'), target(16'000, '"');
    entry.method = method;
    entry.target = target;
    audit.record(entry);
    auto const text = test::slurp(folder / "audit");
    CHECK(text.size() < 2000);
    auto const line = codec::json_document::parse(base::secret_text(text));
    REQUIRE(line);
    CHECK(line->root().member("target")->as_string() == target.substr(0, 512));
    CHECK(line->root().member("target_len")->as_int() == 16'000);
    CHECK(line->root().member("method")->as_string() == method.substr(0, 32));
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
