#include "store/record_format.hpp"

#include "store/file_name.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::store;

namespace {

base::result<plain_record> decoded(std::string_view json) { return decode_record(base::secret_text(json)); }

base::system_time at(char const* when) { return base::parse_rfc3339(when).value(); }

plain_record sample() {
    plain_record r;
    r.name = "app";
    r.correlation_id = "cid-1";
    r.version = 7;
    r.created = at("2024-01-02T15:04:05Z");
    r.updated = at("2024-01-02T15:04:06.5Z");
    r.not_before = at("2024-01-02T15:04:06.5Z");
    r.meta = {{"default", "prod"}, R"({"u":"{{.user}}"})", "json"};
    r.values.emplace_back(std::string_view(R"({"user":"a<b"})"));
    return r;
}

}  // namespace

TEST_CASE("a record is the original's JSON with a few members more") {
    CHECK(encode_record(sample()).view() ==
          R"({"name":"app","value":"{\"user\":\"a\u003cb\"}","valueTransformed":"",)"
          R"("meta":{"namespaces":["default","prod"],"template":"{\"u\":\"{{.user}}\"}","Format":"json","correlationId":"cid-1"},)"
          R"("created":"2024-01-02T15:04:05Z","updated":"2024-01-02T15:04:06.5Z","notBefore":"2024-01-02T15:04:06.5Z",)"
          R"("expiresAfter":"9999-12-31T23:59:59.999999999Z","values":["{\"user\":\"a\u003cb\"}"],"version":7})");
}

TEST_CASE("what is encoded decodes to the same") {
    auto r = sample();
    r.values.emplace_back(std::string_view("older\n\x01 \xe2\x80\xa8 end"));
    r.delivered = base::secret_text("rendered");
    r.expires = at("2030-01-01T00:00:00Z");
    auto const back = decode_record(encode_record(r)).value();
    CHECK(back.name == "app");
    CHECK(back.correlation_id == "cid-1");
    CHECK(back.version == 7);
    CHECK(back.state == secret_state::present);
    CHECK(back.created == r.created);
    CHECK(back.updated == r.updated);
    CHECK(back.not_before == r.not_before);
    CHECK(back.expires == r.expires);
    CHECK(back.meta == r.meta);
    REQUIRE(back.values.size() == 2);
    CHECK(back.values[0].view() == r.values[0].view());
    CHECK(back.values[1].view() == r.values[1].view());
    CHECK(back.delivered.view() == "rendered");

    plain_record gone;
    gone.name = "app";
    gone.version = 8;
    gone.state = secret_state::deleted;
    auto const tombstone = decode_record(encode_record(gone)).value();
    CHECK(tombstone.state == secret_state::deleted);
    CHECK(tombstone.values.empty());
    CHECK(encode_record(gone).view().find("value") == std::string_view::npos);
    gone.meta.leaving = {"a", "b"};
    CHECK(decode_record(encode_record(gone)).value().meta == gone.meta);
}

TEST_CASE("several values are a JSON array of strings to a reader that knows one") {
    auto r = sample();
    r.values.clear();
    r.values.emplace_back(std::string_view("new"));
    r.values.emplace_back(std::string_view("old"));
    CHECK(encode_record(r).view().find(R"("value":"[\"new\",\"old\"]")") != std::string_view::npos);
}

TEST_CASE("Q6: records of every version of the original load with their values") {
    auto const newest = decoded(R"({"name":"a","value":"v","valueTransformed":"t","meta":{"namespaces":["ns"],"template":"x",
        "Format":"yaml","correlationId":"c"},"created":"2024-01-02T15:04:05.123456789Z","updated":"2024-01-03T00:00:00+02:00",
        "notBefore":"0001-01-01T00:00:00Z","expiresAfter":"9999-12-31T23:59:59.999999999Z"})").value();
    CHECK(newest.version == 0);
    REQUIRE(newest.values.size() == 1);
    CHECK(newest.values[0].view() == "v");
    CHECK(newest.delivered.view() == "t");
    CHECK(newest.meta.format == "yaml");
    CHECK(newest.expires == base::never());
    CHECK(newest.updated == at("2024-01-02T22:00:00Z"));

    CHECK(decoded(R"({"name":"a","value":"v","notBefore":"0001-01-01T00:00:00Z","expiresAfter":"0001-01-01T00:00:00Z"})")->expires == base::never());
    auto const older = decoded(R"({"name":"a","values":["new","old"],"valuesTransformed":"[\"N\",\"O\"]","meta":{"namespaces":null}})").value();
    REQUIRE(older.values.size() == 2);
    CHECK(older.values[1].view() == "old");
    CHECK(older.delivered.view() == R"(["N","O"])");
    CHECK(decoded(R"({"name":"a","values":["v"],"valuesTransformed":["N","O"]})")->delivered.view() == R"(["N","O"])");

    // Without tags Go writes, and always reads, any case.
    auto const untagged = decoded(R"({"Name":"a","Value":"v","Created":"2024-01-02T15:04:05Z"})").value();
    CHECK(untagged.values[0].view() == "v");
    CHECK(untagged.created == at("2024-01-02T15:04:05Z"));
    // 0.28.1 rewrote a record of 0.28.0 without knowing `values`.
    CHECK(decoded(R"({"name":"a","value":""})")->values.size() == 1);
}

TEST_CASE("what is not a record is corrupt, and none of it is repeated") {
    for (auto const* text : {"", "{", "[]", "null", R"({"value":"hunter2"})", R"({"name":"","value":"hunter2"})", R"({"name":1,"value":"v"})",
                             R"({"name":"a","value":{"x":"hunter2"}})", R"({"name":"a","values":["x",1]})", R"({"name":"a","values":"x"})",
                             R"({"name":"a","version":0})", R"({"name":"a","version":-1})", R"({"name":"a","version":1.5})",
                             R"({"name":"a","version":"7"})", R"({"name":"a","meta":{"namespaces":[1]}})"}) {
        INFO(text);
        auto const r = decoded(text);
        REQUIRE_FALSE(r);
        CHECK(r.error().code == base::errc::corrupt);
        CHECK(r.error().what.find("hunter2") == std::string::npos);
    }
    CHECK(decoded(R"({"name":"a","value":"v","created":"yesterday"})").has_value());
}

TEST_CASE("Q19: file names: one for each secret, and back") {
    CHECK(decode_stem("foo.agent") == "foo.agent");
    CHECK(decode_stem("k8s:foo") == "k8s:foo");
    CHECK(decode_stem("a%2Fb") == "a/b");
    CHECK(decode_stem("%2E%2E%2Fetc") == std::nullopt);  // only a leading dot is encoded
    CHECK(decode_stem("%2E.%2Fetc") == "../etc");
    CHECK(decode_stem("a%2fb") == std::nullopt);
    CHECK(decode_stem("a%41") == std::nullopt);
    CHECK(decode_stem("a%") == std::nullopt);
    CHECK(decode_stem("a%2") == std::nullopt);
    CHECK(decode_stem("") == std::nullopt);

    CHECK(stem_of("foo.age") == "foo");
    CHECK(stem_of("foo.agent.age") == "foo.agent");
    CHECK(stem_of("foo.age.age") == "foo.age");
    CHECK(stem_of(".age") == std::nullopt);
    CHECK(stem_of(".tmp-1.age") == ".tmp-1");  // the original's, of a secret of that name
    CHECK((is_temporary(".tmp-1") && !is_temporary(".tmp-1.age") && !is_temporary(".tmp-1-2-.age.backup")));
    CHECK((is_manifest(".batch-1") && !is_manifest(".batch-1.age")));
    CHECK(stem_of("foo-1-.age.backup") == std::nullopt);

    CHECK(original_backup_of("foo-1-.age.backup") == "foo");
    CHECK(original_backup_of("foo-2-bar-0-.age.backup") == "foo-2-bar");
    CHECK(original_backup_of("foo.age.backup") == std::nullopt);
    CHECK(original_backup_of("-1-.age.backup") == std::nullopt);

    CHECK(history_file("foo.3", 7) == "foo.3.7.age");
    CHECK(parse_history_file("foo.3.7.age")->stem == "foo.3");
    CHECK(parse_history_file("foo.3.7.age")->version == 7);
    CHECK_FALSE(parse_history_file("foo.age").has_value());
    CHECK_FALSE(parse_history_file("foo.x.age").has_value());
}
