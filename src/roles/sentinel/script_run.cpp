#include "roles/sentinel/script_run.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "config/parse.hpp"
#include "crypto/hkdf.hpp"
#include "net/deadline.hpp"

#include <algorithm>
#include <set>

namespace vsecm::roles::sentinel {

using client::safe_client;

namespace {

net::awaitable<base::result<std::vector<api::secret_item>>> list_of(safe_client& safe) {
    VSECM_CO_TRY(reply, co_await safe.list());
    VSECM_CO_TRY(list, api::parse_secret_list(std::move(reply.body)));
    std::erase_if(list.secrets, [](api::secret_item const& item) { return item.status == "deleted"; });
    co_return std::move(list.secrets);
}

std::string joined(std::vector<std::string> const& names) {
    std::string text;
    for (auto const& name : names) text += (text.empty() ? "" : ", ") + base::printable(name);
    return text;
}

// The workloads of the block that have no secret yet go into `command`, the others are returned.
net::awaitable<base::result<std::vector<std::string>>> keep_missing(safe_client& safe, prepared_command& command) {
    VSECM_CO_TRY(items, co_await list_of(safe));
    std::set<std::string_view> names;
    for (auto const& item : items) names.insert(item.name);
    std::vector<std::string> there;
    std::erase_if(command.asked.workloads, [&](std::string const& name) {
        if (!names.contains(name)) return false;
        there.push_back(name);
        return true;
    });
    co_return there;
}

net::awaitable<base::result<block_report>> put_generated(safe_client& safe, prepared_command const& wanted) {
    prepared_command missing{wanted.asked, wanted.value.clone(), {}};
    VSECM_CO_TRY(there, co_await keep_missing(safe, missing));
    block_report report{"done", {}};
    if (!there.empty()) report.what = std::format("left as it is: {} {} there already", joined(there), there.size() == 1 ? "is" : "are");
    if (missing.asked.workloads.empty()) co_return report;
    if (!there.empty())
        report.sentences.push_back(joined(missing.asked.workloads) + " got another generated secret than those that were there");
    VSECM_CO_TRY(reply, co_await send(safe, missing));
    std::ranges::move(reply.warnings, std::back_inserter(report.sentences));
    co_return report;
}

constexpr std::string_view count_mark = "blocks-done.";

// The marks of the first `num_done` blocks.
std::vector<std::string> marks_of(script const& all, std::size_t num_done) {
    std::string text;
    for (auto const& b : std::span(all.blocks).first(num_done)) text += describe(b) + '\n';
    auto const digest = crypto::sha256(base::as_bytes(text));
    return {std::format("{}{}", count_mark, num_done), "of." + base::hex_encode(digest)};
}

}  // namespace

net::awaitable<base::result<block_report>> run_block(safe_client& safe, block const& b) {
    if (!b.command) {
        VSECM_CO_TRY_OK(co_await net::sleep_for(b.pause));
        co_return block_report{"done", {}};
    }
    auto const& asked = b.command->asked;
    if (asked.what == verb::put && asked.value.from == secret_source::kind::pattern && !asked.append)
        co_return co_await put_generated(safe, *b.command);
    VSECM_CO_TRY(reply, co_await send(safe, *b.command));
    co_return block_report{"done", std::move(reply.warnings)};
}

net::awaitable<base::result<std::size_t>> read_progress(safe_client& safe, script const& all) {
    VSECM_CO_TRY(items, co_await list_of(safe));
    auto const mark = std::ranges::find(items, name_progress, &api::secret_item::name);
    if (mark == items.end()) co_return 0;
    for (std::string_view const kept : mark->namespaces) {
        if (!kept.starts_with(count_mark)) continue;
        auto const num_done = config::parse_int(kept.substr(count_mark.size()));
        if (num_done && *num_done > 0 && std::cmp_less_equal(*num_done, all.blocks.size()) &&
            std::ranges::is_permutation(mark->namespaces, marks_of(all, static_cast<std::size_t>(*num_done))))
            co_return static_cast<std::size_t>(*num_done);
    }
    co_return 0;
}

net::awaitable<base::status> keep_progress(safe_client& safe, script const& all, std::size_t num_done) {
    api::upsert_request request;
    request.workloads.emplace_back(name_progress);
    request.namespaces = marks_of(all, num_done);
    request.value = base::secret_text("the init commands are running");
    request.format = "none";
    VSECM_CO_TRY(reply, co_await safe.upsert(request));
    co_return base::status{};
}

net::awaitable<base::status> forget_progress(safe_client& safe) {
    VSECM_CO_TRY(items, co_await list_of(safe));
    if (!std::ranges::contains(items, name_progress, &api::secret_item::name)) co_return base::status{};
    api::delete_request const request{{std::string(name_progress)}};
    VSECM_CO_TRY(reply, co_await safe.remove(request));
    co_return base::status{};
}

}  // namespace vsecm::roles::sentinel
