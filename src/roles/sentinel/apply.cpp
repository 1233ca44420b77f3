#include "roles/sentinel/apply.hpp"

#include "roles/sentinel/script_run.hpp"

#include <algorithm>

namespace vsecm::roles::sentinel {
namespace {

std::string at(block const& b) { return std::format("line {}: ", b.line); }

}  // namespace

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
            tell(at(b) + describe(b) + ": failed; the blocks behind it were not begun");
            break;
        }
        tell(at(b) + describe(b) + ": " + report->what);
        for (auto const& sentence : report->sentences) result.sentences.push_back(at(b) + "warning: " + sentence);
    }
    co_return result;
}

void preview(script const& all, teller const& tell) {
    for (auto const& b : all.blocks) tell(at(b) + describe(b));
}

}  // namespace vsecm::roles::sentinel
