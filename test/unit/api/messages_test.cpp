#include "api/messages.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace vsecm;
using namespace vsecm::api;
using base::errc;
using base::secret_text;

namespace {

base::system_time at(std::string_view date) { return base::parse_rfc3339(date).value(); }

}  // namespace

TEST_CASE("an upsert of 0.28.1 is read") {
    auto r = parse_upsert_request(secret_text(
        R"({"workloads":["a","b"],"namespaces":["x"],"value":"v","template":"{{.a}}","format":"json","encrypt":true,"notBefore":"now","expires":"never","err":"e"})"));
    REQUIRE(r.has_value());
    CHECK(r->workloads == std::vector<std::string>{"a", "b"});
    CHECK(r->namespaces == std::vector<std::string>{"x"});
    CHECK(r->value.view() == "v");
    CHECK(r->template_text.view() == "{{.a}}");
    CHECK(r->format == "json");
    CHECK(r->encrypt);
    CHECK_FALSE(r->append);
    CHECK(r->not_before == "now");
    CHECK(r->expires == "never");
    CHECK(r->backing_store.empty());
    CHECK_FALSE(r->if_version.has_value());
}

TEST_CASE("older and odd spellings of an upsert are read") {
    auto old = parse_upsert_request(secret_text(R"({"key":"a","namespace":"n","value":"v","appendValue":true,"backingStore":"memory"})"));
    REQUIRE(old.has_value());
    CHECK(old->workloads == std::vector<std::string>{"a"});
    CHECK(old->namespaces == std::vector<std::string>{"n"});
    CHECK(old->append);
    CHECK(old->backing_store == "memory");

    auto odd = parse_upsert_request(secret_text(R"({"WorkLoads":["a"],"VALUE":"1","value":"2","unknown":[{}],"template":null})"));
    REQUIRE(odd.has_value());
    CHECK(odd->workloads == std::vector<std::string>{"a"});
    CHECK(odd->value.view() == "2");

    auto several = parse_upsert_request(secret_text(R"({"workloads":["a"],"values":["new","old"]})"));
    REQUIRE(several.has_value());
    CHECK(several->value.empty());
    REQUIRE(several->values.size() == 2);
    CHECK(several->values[1].view() == "old");
    CHECK(parse_upsert_request(secret_text(R"({"values":["one"]})"))->value.view() == "one");

    auto none = parse_upsert_request(secret_text("null"));
    REQUIRE(none.has_value());
    CHECK(none->workloads.empty());
    CHECK(parse_upsert_request(secret_text(R"({"ifVersion":0})"))->if_version == 0);
}

TEST_CASE("hostile requests are refused by field name, without the value") {
    struct {
        std::string_view body, says;
    } const cases[] = {
        {R"({"value":42424242})", "`value`"},
        {R"({"value":{"password":"hunter2"}})", "`value`"},
        {R"({"workloads":"hunter2"})", "`workloads`"},
        {R"({"workloads":[["hunter2"]]})", "`workloads`"},
        {R"({"key":["hunter2"]})", "`key`"},
        {R"({"namespaces":{"a":"hunter2"}})", "`namespaces`"},
        {R"({"encrypt":"true"})", "`encrypt`"},
        {R"({"encrypt":1})", "`encrypt`"},
        {R"({"appendValue":"hunter2"})", "`appendValue`"},
        {R"({"ifVersion":"hunter2"})", "`ifVersion`"},
        {R"({"ifVersion":-1})", "`ifVersion`"},
        {R"({"ifVersion":1.5})", "`ifVersion`"},
        {R"({"value":"hunter2","values":["a","b"]})", "`values`"},
        {R"(["hunter2"])", "JSON object"},
        {R"("hunter2")", "JSON object"},
        {"", "not valid JSON"},
        {R"({"value":"hunter2")", "not valid JSON"},
    };
    for (auto const& c : cases) {
        INFO(c.body);
        auto const r = parse_upsert_request(secret_text(c.body));
        REQUIRE_FALSE(r.has_value());
        CHECK(r.error().code == errc::invalid);
        CHECK(r.error().what.find(c.says) != std::string::npos);
        CHECK(r.error().what.find("hunter2") == std::string::npos);
        CHECK(r.error().what.find("42424242") == std::string::npos);
    }
    std::string many = R"({"workloads":[)";
    for (int i = 0; i < 1001; ++i) many += "\"a\",";
    many.back() = ']';
    CHECK_FALSE(parse_upsert_request(secret_text(many + "}")).has_value());
    std::string deep = R"({"x":)" + std::string(5000, '[');
    CHECK_FALSE(parse_upsert_request(secret_text(deep)).has_value());
}

TEST_CASE("an upsert is written as the original's client writes it") {
    upsert_request r;
    r.workloads = {"billing"};
    r.namespaces = {"default"};
    r.value = secret_text("a<b>&\"c\"");
    r.format = "json";
    r.not_before = "now";
    r.expires = "never";
    CHECK(write_upsert_request(r).view() ==
          R"({"workloads":["billing"],"namespaces":["default"],"value":"a\u003cb\u003e\u0026\"c\"","template":"","format":"json","encrypt":false,"notBefore":"now","expires":"never"})");
    r.append = true;
    r.backing_store = "memory";
    r.if_version = 3;
    auto back = parse_upsert_request(write_upsert_request(r));
    REQUIRE(back.has_value());
    CHECK(back->append);
    CHECK(back->backing_store == "memory");
    CHECK(back->if_version == 3);
    CHECK(back->value.view() == r.value.view());
}

TEST_CASE("delete and keys travel both ways") {
    CHECK(write_delete_request({{"a", "b"}}).view() == R"({"workloads":["a","b"]})");
    CHECK(parse_delete_request(secret_text(R"({"workloads":["a"],"value":7})"))->workloads == std::vector<std::string>{"a"});
    CHECK(parse_delete_request(secret_text(R"({"key":"a"})"))->workloads == std::vector<std::string>{"a"});
    CHECK_FALSE(parse_delete_request(secret_text(R"({"workloads":[1]})")).has_value());

    auto keys = parse_keys_request(secret_text(R"({"ageSecretKey":" S\r\n","agePublicKey":"\tP ","aesCipherKey":"C"})"));
    REQUIRE(keys.has_value());
    CHECK(keys->age_secret_key.view() == "S");
    CHECK(keys->age_public_key == "P");
    CHECK(write_keys_request(*keys).view() == R"({"ageSecretKey":"S","agePublicKey":"P","aesCipherKey":"C"})");
    CHECK(parse_keys_request(secret_text("{}"))->empty());
    keys->older.emplace_back("O1");
    keys->older.emplace_back("O2");
    auto const longer = write_keys_request(*keys);
    CHECK(longer.view() == R"({"ageSecretKey":"S","agePublicKey":"P","aesCipherKey":"C","olderKeys":["O1","O2"]})");
    auto const read = parse_keys_request(longer.clone());
    REQUIRE(read.has_value());
    REQUIRE(read->older.size() == 2);
    CHECK(read->older[1].view() == "O2");
    CHECK_FALSE(parse_keys_request(secret_text(R"({"olderKeys":"x"})")).has_value());
    CHECK_FALSE(parse_keys_request(secret_text(R"({"ageSecretKey":1})")).has_value());
}

TEST_CASE("Q65: a fetch answer keeps the quotation marks inside its dates") {
    secret_text out;
    write_fetch_response(out, "<v>", at("2024-01-02T15:04:05Z"), at("2024-01-02T15:04:06.5Z"));
    CHECK(out.view() == R"({"data":"\u003cv\u003e","created":"\"2024-01-02T15:04:05Z\"","updated":"\"2024-01-02T15:04:06Z\""})");
    auto back = parse_fetch_response(std::move(out));
    REQUIRE(back.has_value());
    CHECK(back->data.view() == "<v>");
    CHECK(back->created == at("2024-01-02T15:04:05Z"));

    secret_text scout;
    write_fetch_response(scout, "x", std::nullopt, std::nullopt);
    CHECK(scout.view() == R"({"data":"x","created":"","updated":""})");
    CHECK_FALSE(parse_fetch_response(std::move(scout))->created.has_value());
    CHECK_FALSE(parse_fetch_response(secret_text(R"({"data":["a"]})")).has_value());
    CHECK_FALSE(parse_fetch_response(secret_text("<html>")).has_value());
}

TEST_CASE("lists are byte for byte the original's") {
    secret_list list;
    CHECK(write_secret_list(list).view() == R"({"secrets":[]})");
    secret_item item;
    item.name = "a";
    item.created = item.updated = item.not_before = at("2024-01-02T15:04:05Z");
    item.expires_after = base::never();
    list.secrets.push_back(item);
    CHECK(write_secret_list(list).view() ==
          R"({"secrets":[{"name":"a","created":"2024-01-02T15:04:05Z","updated":"2024-01-02T15:04:05Z","notBefore":"2024-01-02T15:04:05Z","expiresAfter":"9999-12-31T23:59:59Z"}]})");
    list.secrets[0].encrypted = {"YQ=="};
    list.algorithm = "age";
    auto const text = write_secret_list(list);
    CHECK(text.view().starts_with(R"({"secrets":[{"name":"a","value":"YQ==","created":)"));
    CHECK(text.view().ends_with(R"(}],"algorithm":"age"})"));

    list.secrets[0].status = "damaged";
    list.secrets[0].version = 7;
    list.secrets[0].namespaces = {"default"};
    auto back = parse_secret_list(write_secret_list(list));
    REQUIRE(back.has_value());
    REQUIRE(back->secrets.size() == 1);
    CHECK(back->secrets[0].status == "damaged");
    CHECK(back->secrets[0].version == 7);
    CHECK(back->secrets[0].expires_after == at("9999-12-31T23:59:59Z"));
    CHECK(back->secrets[0].namespaces == std::vector<std::string>{"default"});
    CHECK_FALSE(back->secrets[0].encrypted_is_array);
}

TEST_CASE("encrypted lists of older versions carry arrays, and dates we cannot read") {
    auto list = parse_secret_list(secret_text(
        R"({"secrets":[{"name":"a","value":["YQ==","Yg=="],"created":"Mon Jan 02 15:04:05 +0000 2006"},{"name":"b","value":[]}],"algorithm":"aes"})"));
    REQUIRE(list.has_value());
    CHECK(list->secrets[0].encrypted == std::vector<std::string>{"YQ==", "Yg=="});
    CHECK(list->secrets[0].encrypted_is_array);
    CHECK_FALSE(list->secrets[0].created.has_value());
    CHECK(list->secrets[1].encrypted.empty());
    CHECK(list->algorithm == "aes");
    CHECK(parse_secret_list(secret_text("{}"))->secrets.empty());
    for (std::string_view const bad : {R"({"secrets":{}})", R"({"secrets":["a"]})", R"({"secrets":[{"name":1}]})",
                                       R"({"secrets":[{"value":{}}]})", R"({"algorithm":1})", "[]", ""})
        CHECK_FALSE(parse_secret_list(secret_text(bad)).has_value());
}

TEST_CASE("versions: what is asked for and what is told") {
    auto const asked = parse_restore_request(write_restore_request({{"a", "b"}, 3, 7}));
    REQUIRE(asked.has_value());
    CHECK(asked->workloads == std::vector<std::string>{"a", "b"});
    CHECK(asked->version == 3);
    CHECK(asked->if_version == 7);
    CHECK(write_restore_request({{"a"}, {}, {}}).view() == R"({"workloads":["a"]})");
    CHECK_FALSE(parse_restore_request(secret_text("{}"))->version.has_value());
    for (std::string_view const bad : {R"({"workloads":["a"],"version":-1})", R"({"workloads":["a"],"version":"3"})", R"({"ifVersion":1.5})", R"({"workloads":7})", "[]"})
        CHECK(parse_restore_request(secret_text(bad)).error().code == errc::invalid);

    version_items const list{"a", {{3, "current", at("2026-01-02T03:04:05Z"), 12}, {2, "damaged", {}, 0}}};
    CHECK(write_versions(list).view() ==
          R"({"name":"a","versions":[{"version":3,"state":"current","updated":"2026-01-02T03:04:05Z","size":12},{"version":2,"state":"damaged","size":0}]})");
    auto const back = parse_versions(write_versions(list));
    REQUIRE(back.has_value());
    CHECK(back->name == "a");
    REQUIRE(back->versions.size() == 2);
    CHECK(back->versions[0].version == 3);
    CHECK(back->versions[0].state == "current");
    CHECK(back->versions[0].updated == at("2026-01-02T03:04:05Z"));
    CHECK(back->versions[0].size == 12);
    CHECK_FALSE(back->versions[1].updated.has_value());
    for (std::string_view const bad : {"{}", R"({"versions":{}})", R"({"versions":[1]})", R"({"versions":[{"state":1}]})", "nonsense"})
        CHECK_FALSE(parse_versions(secret_text(bad)).has_value());
}

TEST_CASE("keystone status and error bodies") {
    CHECK(write_keystone_status(true).view() == R"({"status":"ready"})");
    CHECK(write_keystone_status(false).view() == R"({"status":"pending"})");
    CHECK(*parse_keystone_status(secret_text(R"({"status":"ready"})")));
    CHECK_FALSE(*parse_keystone_status(secret_text(R"({"status":"pending"})")));
    CHECK_FALSE(parse_keystone_status(secret_text("OK")).has_value());

    CHECK(write_error_body({errc::sealed, "no key"}).view() == R"({"err":"no key","code":"sealed"})");
    auto ours = parse_error_body(503, write_error_body({errc::sealed, "no key"}));
    CHECK(ours.code == errc::sealed);
    CHECK(ours.what == "no key");
    CHECK(parse_error_body(503, secret_text("NOK!")).code == errc::unavailable);
    auto const theirs = parse_error_body(400, secret_text());  // an original's every failure
    CHECK(theirs.code == errc::invalid);
    CHECK(theirs.what == "the server answered 400 without a reason");
    CHECK(parse_error_body(403, secret_text(R"({"err":7,"code":"nonsense"})")).code == errc::denied);
    // That somebody of ours ended the wait is nothing a server can know.
    CHECK(parse_error_body(503, secret_text(R"({"err":"x","code":"cancelled"})")).code == errc::unavailable);
    CHECK(parse_error_body(500, secret_text(R"({"err":"x","code":"cancelled"})")).code == errc::internal);
}

TEST_CASE("rotating and forgetting a root key") {
    auto const text = write_rotation({"11111111", "22222222", "age1x"});
    CHECK(text.view() == R"({"rootKey":"11111111","replaced":"22222222","publicKey":"age1x"})");
    auto const read = parse_rotation(text.clone());
    REQUIRE(read.has_value());
    CHECK((read->present == "11111111" && read->replaced == "22222222" && read->public_key == "age1x"));
    CHECK(write_forget_request("22222222").view() == R"({"id":"22222222"})");
    CHECK(parse_forget_request(secret_text(R"({"id":" 22222222\n"})")).value() == "22222222");
    auto const public_key = "age1" + std::string(58, 'q');
    CHECK(parse_forget_request(write_forget_request(public_key)).value() == public_key);
    CHECK_FALSE(parse_forget_request(secret_text(R"({"id":7})")).has_value());
    // Whatever else was pasted may be a key: it is not repeated.
    for (std::string const& pasted : {std::string(), std::string("2222222"), std::string("2222222X"), "AGE-SECRET-KEY-1" + std::string(58, 'Q'), std::string(64, '2'),
                                    public_key + "q", "age1" + std::string(58, 'Q')}) {
        INFO(pasted);
        auto const refused = parse_forget_request(write_forget_request(pasted));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == errc::invalid);
        CHECK((pasted.empty() || !refused.error().what.contains(pasted)));
    }
}
