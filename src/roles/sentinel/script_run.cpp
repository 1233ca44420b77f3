#include "roles/sentinel/script_run.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "config/parse.hpp"
#include "crypto/hkdf.hpp"
#include "net/deadline.hpp"

#include <algorithm>
#include <map>

namespace vsecm::roles::sentinel {

using client::safe_client;

namespace {

struct listing {
    std::vector<api::secret_item> secrets;  // without those that are deleted
    bool from_vsecm = false;
};

net::awaitable<base::result<listing>> list_of(safe_client& safe) {
    VSECM_CO_TRY(reply, co_await safe.list());
    VSECM_CO_TRY(list, api::parse_secret_list(std::move(reply.body)));
    std::erase_if(list.secrets, [](api::secret_item const& item) { return item.status == "deleted"; });
    co_return listing{std::move(list.secrets), reply.from_vsecm};
}

std::string joined(std::vector<std::string> const& names) {
    std::string text;
    for (auto const& name : names) text += (text.empty() ? "" : ", ") + base::printable(name);
    return text;
}

// The workloads of the block that have no secret anybody could have read stay in `command`, the others are returned.
net::awaitable<base::result<std::vector<std::string>>> keep_missing(safe_client& safe, prepared_command& command) {
    VSECM_CO_TRY(now, co_await list_of(safe));
    std::map<std::string_view, api::secret_item const*> items;
    for (auto const& item : now.secrets) items.emplace(item.name, &item);
    std::vector<std::string> there;
    bool any_expired = false;
    for (auto const& name : command.asked.workloads) {
        auto const found = items.find(name);
        if (found == items.end()) continue;
        auto const& item = *found->second;
        if (item.status == "damaged")
            co_return base::fail(base::errc::storage, "safe cannot open what it has of {}: put that secret by hand, or delete it", base::printable(name));
        if (item.status == "expired") any_expired = true;
        else there.push_back(name);
    }
    std::erase_if(command.asked.workloads, [&](std::string const& name) { return std::ranges::contains(there, name); });
    // Only as long as that is so. One request has one version for all its names, and all of them are to have the same value:
    // so where something has expired there is no guard.
    if (now.from_vsecm && !any_expired) command.asked.if_version = 0;
    co_return there;
}

// errc::conflict if somebody else was quicker.
net::awaitable<base::result<block_report>> try_put_generated(safe_client& safe, prepared_command const& wanted) {
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

net::awaitable<base::result<block_report>> put_generated(safe_client& safe, prepared_command const& wanted) {
    for (int tries_left = 8;; --tries_left) {
        auto report = co_await try_put_generated(safe, wanted);
        if (report || report.error().code != base::errc::conflict || tries_left == 0) co_return report;
    }
}

constexpr std::string_view count_mark = "blocks-done.";

// Fields with their lengths, so that no two blocks look the same.
void add(std::string& text, std::string_view field) { std::format_to(std::back_inserter(text), "{}:{},", field.size(), field); }
void add(std::string& text, std::vector<std::string> const& fields) {
    add(text, std::to_string(fields.size()));
    for (auto const& field : fields) add(text, field);
}

// Values, and patterns, are kept apart: see script_run.hpp.
void add(std::string& text, base::secret_text& values, block const& b) {
    add(text, std::to_string(b.pause.count()));
    if (!b.command) return add(text, "wait");
    auto const& [asked, value, root_key] = *b.command;
    bool const generated = asked.value.from == secret_source::kind::pattern;
    add(text, asked.what == verb::remove ? "delete" : generated ? "generate" : "put");
    add(text, asked.workloads);
    add(text, asked.namespaces);
    for (std::string_view const word : {std::string_view(asked.format), std::string_view(asked.not_before), std::string_view(asked.expires),
                                        std::string_view(asked.store), asked.template_text})
        add(text, word);
    add(text, asked.append ? "a" : "");
    add(text, asked.encrypted ? "e" : "");
    // What a pattern gives is another with each reading.
    auto const secret = generated ? asked.value.text : value.view();
    values.append(std::format("{}:", secret.size()));
    values.append(secret);
}

}  // namespace

net::awaitable<base::status> check_server(safe_client& safe, script const& all) {
    if (std::ranges::none_of(all.blocks, [](block const& b) { return b.command && needs_vsecm(*b.command); })) co_return base::status{};
    co_return co_await require_vsecm(safe);
}

net::awaitable<base::result<block_report>> run_block(safe_client& safe, block const& b) {
    if (!b.command) {
        VSECM_CO_TRY_OK(co_await net::sleep_for(b.pause));
        co_return block_report{"done", {}};
    }
    auto const& asked = b.command->asked;
    if (asked.what == verb::put && asked.value.from == secret_source::kind::pattern)
        co_return co_await put_generated(safe, *b.command);
    VSECM_CO_TRY(reply, co_await send(safe, *b.command));
    co_return block_report{"done", std::move(reply.warnings)};
}

std::vector<std::string> marks_of(script const& all, std::size_t num_done) {
    std::string text;
    base::secret_text values;
    for (auto const& b : std::span(all.blocks).first(num_done)) add(text, values, b);
    add(text, base::hex_encode(base::byte_view(crypto::sha256(values.bytes())).first(2)));
    auto const digest = crypto::sha256(base::as_bytes(text));
    return {std::format("{}{}", count_mark, num_done), "of." + base::hex_encode(digest)};
}

net::awaitable<base::result<std::size_t>> read_progress(safe_client& safe, script const& all) {
    VSECM_CO_TRY(now, co_await list_of(safe));
    auto const mark = std::ranges::find(now.secrets, name_progress, &api::secret_item::name);
    if (mark == now.secrets.end()) co_return 0;
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
    VSECM_CO_TRY(now, co_await list_of(safe));
    if (!std::ranges::contains(now.secrets, name_progress, &api::secret_item::name)) co_return base::status{};
    api::delete_request const request{{std::string(name_progress)}};
    VSECM_CO_TRY(reply, co_await safe.remove(request));
    co_return base::status{};
}

}  // namespace vsecm::roles::sentinel
