// Whatever is asked: it is done and answered OK, or it is refused with a sentence and nothing has changed.
#include "codec/json_writer.hpp"
#include "unit/roles/safe/fixture.hpp"

#include <catch2/generators/catch_generators_range.hpp>

#include <random>

using namespace vsecm;
using namespace vsecm::roles::safe;
using namespace vsecm::roles::safe::testing;
using namespace std::string_view_literals;

namespace {

class dice {
public:
    explicit dice(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t n) { return engine_() % n; }
    bool rarely() { return below(8) == 0; }
    template <std::size_t n>
    std::string_view one_of(std::string_view const (&all)[n]) { return all[below(n)]; }

private:
    std::mt19937 engine_;
};

constexpr std::string_view good_names[] = {"a", "billing", "raw:x", "k8s:db", "with space", "ü", "a.age", "..."};
constexpr std::string_view bad_names[] = {"", ".", "..", "a/b", "../../etc/passwd", "a\0b"sv, "k8s:", "k8s:Not_a_name", "\n", "raw:"};
constexpr std::string_view values[] = {"hunter2", R"({"a":"hunter2","n":1234567,"l":[1,2]})", "{hunter2", "", " ", "null", "[1]", "YWdlLWVuY3J5cHRpb24="};
constexpr std::string_view words[] = {"{{", "}}", ".a", ".n", ".l", " ", "range", "end", "if", "else", "printf", "\"%9999d\"", "define \"t\"", "template \"t\" .",
                                      "|", "(", ")", "len", "index", "html", "break", "$x := ", "$x", "-", "/*", "*/", "`", "\"", ":", ",", "{", "}"};
constexpr std::string_view formats[] = {"json", "yaml", "raw", "none", "", "xml", "JSON"};
constexpr std::string_view dates[] = {"now", "never", "", "2026-01-31T00:00:00Z", "2026-02-30T00:00:00Z", "tomorrow", "9999-12-31T23:59:59Z",
                                      "2019-10-12T07:20:50.52Z", "-1", "0000-01-01T00:00:00Z", "2026-01-31T00:00:00+14:00", "2026-01-31 00:00:00"};

std::string random_name(dice& roll) {
    if (roll.rarely()) return std::string(roll.below(400), 'n');
    return std::string(roll.rarely() ? roll.one_of(bad_names) : roll.one_of(good_names));
}

std::string random_template(dice& roll) {
    std::string text;
    for (auto n = roll.below(12); n > 0; --n) text += roll.one_of(words);
    return text;
}

base::secret_text random_request(dice& roll) {
    base::secret_text body;
    codec::json_writer json(body);
    json.begin_object().key("workloads").begin_array();
    for (auto n = roll.rarely() ? roll.below(4) : 1; n > 0; --n) json.string(random_name(roll));
    json.end_array().key("namespaces").begin_array().string(roll.rarely() ? "Not a namespace" : "default").end_array();
    json.member("value", roll.one_of(values)).member("format", roll.one_of(formats));
    if (roll.below(2) == 0) json.member("template", std::string_view(random_template(roll)));
    if (roll.below(3) == 0) json.member("notBefore", roll.one_of(dates)).member("expires", roll.one_of(dates));
    if (roll.below(3) == 0) json.member("appendValue", true);
    if (roll.rarely()) json.member("encrypt", true);
    json.end_object();
    if (roll.rarely()) body.resize(body.size() - roll.below(body.size()));  // cut off
    return body;
}

}  // namespace

TEST_CASE("a random request is done, or refused with a sentence and nothing has changed") {
    auto const seed = GENERATE(Catch::Generators::range(1U, 21U));
    dice roll(seed);
    fixture f;
    std::size_t num_done = 0, num_refused = 0;
    for (int i = 0; i < 100; ++i) {
        auto const before = body_of(handle_list(*f.safe));
        auto const asked = random_request(roll);
        auto const given = f.post(asked.view());
        CAPTURE(seed, i, asked.view());
        if (given) {
            ++num_done;
            CHECK(given->status == 200);
            CHECK((body_of(given).starts_with("OK") || body_of(given).starts_with("YWdl")));
            for (auto const& [name, text] : given->headers) CHECK(text.find("hunter2") == std::string::npos);
            continue;
        }
        ++num_refused;
        CHECK(given.error().what.size() > 10);
        CHECK(given.error().code != errc::internal);
        CHECK(given.error().what.find("hunter2") == std::string::npos);
        CHECK(body_of(handle_list(*f.safe)) == before);
    }
    CHECK(num_done > 10);
    CHECK(num_refused > 10);
}
