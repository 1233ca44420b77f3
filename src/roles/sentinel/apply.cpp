#include "roles/sentinel/apply.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "codec/json_writer.hpp"
#include "roles/sentinel/render.hpp"
#include "roles/sentinel/script_run.hpp"

#include <algorithm>

namespace vsecm::roles::sentinel {
namespace {

std::string at(block const& b) { return std::format("line {}: ", b.line); }

// The workloads of a block receive the same, but for what becomes a Kubernetes Secret.
base::result<block_report> rehearse_block(block const& b, api::name_prefixes const& prefixes, gotmpl::render_options const& options) {
    block_report report;
    if (!b.command || b.command->asked.what != verb::put) return report;
    if (b.command->asked.encrypted) return block_report{"the value is encrypted: only safe can tell what would be received", {}};
    for (auto const& name : b.command->asked.workloads) {
        VSECM_TRY(made, rehearse(*b.command, name, prefixes, options));
        auto const len = made.text.size();
        auto const size = std::format("{} {}byte{}", len, b.command->asked.append ? "more " : "", len == 1 ? "" : "s");
        if (report.what.empty()) report.what = size + " would be received";
        else if (!report.what.starts_with(size)) report.what += std::format(", {} by {}", size, base::printable(name));
        for (auto& note : made.notes)
            if (!std::ranges::contains(report.sentences, note)) report.sentences.push_back(std::move(note));
    }
    return report;
}

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

outcome preview(script const& all, api::name_prefixes const& prefixes, gotmpl::render_options const& options, teller const& tell) {
    outcome result;
    for (auto const& b : all.blocks) {
        if (auto const report = rehearse_block(b, prefixes, options)) {
            for (auto const& sentence : report->sentences) result.sentences.push_back(at(b) + "warning: " + base::printable(sentence));
            tell({b.line, describe(b), report->what, report->sentences});
        } else {
            result.status = api::exit_status::usage;
            result.sentences.push_back(at(b) + report.error().what);
            tell({b.line, describe(b), "would fail"});
        }
    }
    return result;
}

}  // namespace vsecm::roles::sentinel
