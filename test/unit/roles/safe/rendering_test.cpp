// Templates and formats, from a request to what a workload fetches. What each recipe gives is tested in the room `delivery`.
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"
#include "unit/roles/safe/fixture.hpp"

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace vsecm::roles::safe::testing;

namespace {

struct wanted {
    std::vector<std::string> workloads{"a"};
    std::string value, template_text{}, format = "json";
    bool append = false;
};

std::string body_for(wanted const& w) {
    api::upsert_request request;
    request.workloads = w.workloads;
    request.value = base::secret_text(w.value);
    request.template_text = base::secret_text(w.template_text);
    request.format = w.format;
    request.append = w.append;
    return std::string(api::write_upsert_request(request).view());
}

net::http_response put(fixture& f, wanted const& w) {
    auto given = f.post(body_for(w));
    INFO(body_of(given));
    REQUIRE(given);
    return *std::move(given);
}

std::string data(fixture& f, std::string name = "a") {
    auto given = f.fetch(std::move(name));
    REQUIRE(given);
    auto const parsed = api::parse_fetch_response(std::move(given->body));
    REQUIRE(parsed);
    return std::string(parsed->data.view());
}

}  // namespace

TEST_CASE("a workload receives what the template made; the body stays OK, and warnings say what could not be done") {
    fixture f;
    auto const good = put(f, {{"a", "b"}, R"({"u":"root","p":"a,b"})", R"({"U":"{{.u}}","P":"{{.p}}","X":{{.x}}})"});
    CHECK(good.body.view() == "OKOK");
    CHECK(header(good, "Vsecm-Warning").contains("left out"));
    CHECK(good.headers.size() == 1);  // once, though for two workloads
    CHECK(data(f) == R"({"U":"root","P":"a,b"})");
    CHECK(data(f, "b") == R"({"U":"root","P":"a,b"})");

    auto const bad = put(f, {{"a"}, R"({"u":"hunter2"})", "{{.u", "json"});
    CHECK(bad.body.view() == "OK");
    CHECK(header(bad, "Vsecm-Warning").contains("secret:1"));
    CHECK_FALSE(header(bad, "Vsecm-Warning").contains("hunter2"));
    CHECK(data(f) == R"({"u":"hunter2"})");

    CHECK(put(f, {{"a"}, R"({"u":"root"})", "user={{.u}}", "raw"}).headers.empty());
    CHECK(data(f) == "user=root");
    CHECK(put(f, {{"a"}, R"({"u":"root"})", "", "yaml"}).headers.empty());
    CHECK(data(f) == "u: root\n");
}

TEST_CASE("a name that becomes a Kubernetes Secret has fields, whatever the format") {
    fixture f;
    put(f, {{"k8s:x", "a"}, R"({"u":"root"})", R"({"U":"{{.u}}"})", "yaml"});
    CHECK(data(f) == "U: root\n");
    CHECK(f.safe->secrets().delivered_text(*f.safe->secrets().find("k8s:x"))->view() == R"({"U":"root"})");
}

TEST_CASE("without a format, what the template gives is delivered, as the original does") {
    fixture f;
    REQUIRE(f.post(R"({"workloads":["a"],"value":"{\"u\":1}","template":"U={{.u}}"})"));
    CHECK(data(f) == "U=1");
}

TEST_CASE("an append is rendered with all the values, by its own template") {
    fixture f;
    put(f, {{"a"}, R"({"u":"one"})"});
    put(f, {{"a"}, R"({"u":"two"})", R"({"U":"{{.u}}"})", "json", true});
    CHECK(data(f) == R"(["{\"U\":\"two\"}","{\"U\":\"one\"}"])");
    put(f, {{"a"}, R"({"u":"one"})", "U={{.u}}", "raw", true});
    CHECK(data(f) == R"(["U=one","U=two"])");
    put(f, {{"a"}, R"({"u":"three"})", "", "json", true});
    CHECK(data(f) == R"(["{\"u\":\"three\"}","{\"u\":\"one\"}","{\"u\":\"two\"}"])");
    CHECK(f.post(R"({"workloads":["a"],"value":"{}","template":"{{.}}","appendValue":true,"ifVersion":1})").error().code == errc::conflict);
}

TEST_CASE("appends that race are rendered again until each is in") {
    fixture f;
    constexpr int num = 12;
    int num_done = 0;
    std::vector<net::http_request> requests;
    std::vector<request_context> contexts(num);
    for (int i = 0; i < num; ++i) requests.push_back(fixture::request(body_for({{"a"}, "{\"u\":\"" + std::to_string(i) + "\"}", "U={{.u}}", "raw", true})));
    for (std::size_t i = 0; i < num; ++i)
        net::asio::co_spawn(f.io.get_executor(), handle_upsert(*f.safe, contexts[i], requests[i]), [&](std::exception_ptr failed, answer given) {
            CHECK_FALSE(failed);
            CHECK(body_of(given) == "OK");
            ++num_done;
        });
    f.io.restart();
    while (num_done < num) f.io.run_one();
    auto const list = codec::json_document::parse(base::secret_text(data(f)));
    REQUIRE(list);
    REQUIRE(list->root().size() == num);
    for (auto const element : list->root().elements()) CHECK(element.as_string().starts_with("U="));
}

TEST_CASE("what was rendered is delivered after a restart, a rollback and an undelete too") {
    fixture f(config::namespace_isolation::enforce, "file");
    put(f, {{"a"}, R"({"u":"one"})", R"({"U":"{{.u}}"})", "yaml"});
    auto const tag = header(*f.fetch("a"), "ETag");
    f.open();
    CHECK(data(f) == "U: one\n");
    CHECK(header(*f.fetch("a"), "ETag") == tag);
    auto const kept = f.safe->secrets().find("a");
    CHECK(kept->meta->template_text == R"({"U":"{{.u}}"})");
    CHECK(kept->meta->format == "yaml");
    put(f, {{"a"}, "two"});
    CHECK(data(f) == "two");
    REQUIRE(f.restore(api::route::rollback, R"({"workloads":["a"],"version":1})"));
    CHECK(data(f) == "U: one\n");
    REQUIRE(f.remove(R"({"workloads":["a"]})"));
    REQUIRE(f.restore(api::route::undelete, R"({"workloads":["a"]})"));
    f.open();
    CHECK(data(f) == "U: one\n");
    CHECK(f.safe->secrets().value_text(*f.safe->secrets().find("a"))->view() == R"({"u":"one"})");
}

TEST_CASE("a template that would take for ever is stopped by its limit, off the loop") {
    fixture f;
    f.settings.templates.bounds.max_steps = 100'000;
    auto const slow = put(f, {{"a"}, "{}", "{{range 9000000000}}{{range 9000000000}}{{end}}{{end}}"});
    CHECK(slow.body.view() == "OK");
    CHECK(header(slow, "Vsecm-Warning").contains("100000 steps"));
    CHECK(data(f) == "{}");
}

TEST_CASE("Q69: a result that would fill the memory is not made") {
    fixture f;
    f.settings.templates.bounds.max_output = 1000;
    put(f, {{"a"}, R"({"a":1})", R"({{range 9000000000}}{{printf "%99999d" 1}}{{end}})", "raw"});
    CHECK(data(f) == R"({"a":1})");
}

TEST_CASE("what many workloads would receive is not copied beyond what the store takes") {
    fixture f;
    wanted asked{{}, R"({"k":"v"})", R"({{printf "%1000000s" .k}})", "raw"};
    for (int i = 0; i < 100; ++i) asked.workloads.push_back("w" + std::to_string(i));
    auto const refused = f.post(body_for(asked));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::too_large);
    CHECK(refused.error().what == "what the template makes is too large for 100 workloads at once: name fewer at a time");
    asked.value = std::string(1'000'000, 'v');
    asked.template_text.clear();
    auto const plain = f.post(body_for(asked));
    REQUIRE_FALSE(plain);
    CHECK(plain.error().code == errc::too_large);
    CHECK(plain.error().what == "value and template are too large for 100 workloads at once: name fewer at a time");
    CHECK(f.safe->secrets().list().empty());
    asked.workloads.resize(50);
    put(f, asked);
    CHECK(f.safe->secrets().list().size() == 50);
}

TEST_CASE("renderings take turns, and no longer than a request may") {
    fixture f;
    wanted const asked{{"a", "b"}, R"({"k":"hunter2"})", "{{.k}}", "raw", true};
    for (int taken = 0; taken < 4; ++taken) REQUIRE(f.safe->renderings().try_take());
    CHECK_FALSE(f.safe->renderings().try_take());
    f.settings.limits.request_timeout = std::chrono::milliseconds{20};
    auto const crowded = f.post(body_for(asked));
    REQUIRE_FALSE(crowded);
    CHECK(crowded.error().code == errc::limited);
    CHECK(crowded.error().what == "too many templates are being rendered: try again");
    f.safe->renderings().give_back();
    f.settings.limits.request_timeout = std::chrono::milliseconds{0};
    auto const late = f.post(body_for(asked));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == errc::limited);
    CHECK(late.error().what == "the template takes too long for 2 workloads: name fewer at a time");
    CHECK(f.safe->secrets().list().empty());
    f.settings.limits.request_timeout = std::chrono::seconds{30};
    put(f, asked);
    CHECK(data(f, "b") == "hunter2");
    CHECK(f.safe->renderings().try_take());  // the one there was is free again
}
