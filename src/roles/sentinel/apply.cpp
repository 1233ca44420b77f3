#include "roles/sentinel/apply.hpp"

#include "codec/json_writer.hpp"
#include "roles/sentinel/script_run.hpp"

#include <algorithm>

namespace vsecm::roles::sentinel {
namespace {

std::string at(block const& b) { return std::format("line {}: ", b.line); }

}  // namespace

std::string told(block_news const& news, output_shape shape) {
    if (shape == output_shape::text) {
        auto const text = std::format("line {}: {}", news.line, news.what);
        return news.outcome.empty() ? text : text + ": " + news.outcome;
    }
    base::secret_text out;
    codec::json_writer json(out);
    json.begin_object().key("line").integer(news.line).member("what", std::string_view(news.what));
    if (!news.outcome.empty()) {
        json.member("outcome", std::string_view(news.outcome)).key("warnings").begin_array();
        for (auto const& sentence : news.warnings) json.string(sentence);
        json.end_array();
    }
    json.end_object();
    return std::string(out.view());
}

net::awaitable<outcome> apply(client::safe_client& safe, script const& all, teller const& tell) {
    outcome result;
    if (auto able = co_await check_server(safe, all); !able) co_return failed(able.error(), true);
    for (auto const& b : all.blocks) {
        auto report = co_await run_block(safe, b);
        if (!report) {
            auto failure = failed(report.error(), true);
            failure.sentences.front().insert(0, at(b));
            result.status = failure.status;
            std::ranges::move(failure.sentences, std::back_inserter(result.sentences));
            tell({b.line, describe(b), "failed; the blocks behind it were not begun"});
            break;
        }
        tell({b.line, describe(b), report->what, report->sentences});
        for (auto const& sentence : report->sentences) result.sentences.push_back(at(b) + "warning: " + sentence);
    }
    co_return result;
}

void preview(script const& all, teller const& tell) {
    for (auto const& b : all.blocks) tell({b.line, describe(b)});
}

}  // namespace vsecm::roles::sentinel
