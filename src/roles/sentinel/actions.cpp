#include "roles/sentinel/actions.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"

namespace vsecm::roles::sentinel {

using base::errc;
using base::printable;
using base::secret_text;
using client::safe_client;

namespace {

void frame(secret_text& out, std::string_view body) {
    out.push_back('\n');
    out.append(body);
    out.append(std::string_view{"\n\n"});
}

// Programs get one line of JSON, people what the original prints.
outcome told(command const& asked, client::reply&& reply) {
    outcome result;
    for (auto const& sentence : reply.warnings) result.sentences.push_back("warning: " + printable(sentence));
    if (asked.output == output_shape::text) {
        frame(result.out, reply.body.view());
        return result;
    }
    codec::json_writer json(result.out);
    switch (asked.what) {
        case verb::list:
        case verb::status: result.out.append(reply.body.view()); break;
        case verb::encrypt: json.begin_object().member("ciphertext", reply.body.view()).end_object(); break;
        default:
            json.begin_object().member("ok", true).key("workloads").begin_array();
            for (auto const& name : asked.workloads) json.string(name);
            json.end_array().key("warnings").begin_array();
            for (auto const& sentence : reply.warnings) json.string(sentence);
            json.end_array().end_object();
    }
    result.out.push_back('\n');
    return result;
}

net::awaitable<base::result<client::reply>> put(safe_client& safe, prepared_command const& command) {
    auto const& asked = command.asked;
    api::upsert_request request;
    request.workloads = asked.workloads;
    request.namespaces = asked.namespaces;
    request.value = command.value.clone();
    request.template_text = base::secret_text(asked.template_text);
    request.format = asked.format;
    request.encrypt = asked.encrypted;
    request.append = asked.append;
    request.not_before = asked.not_before;
    request.expires = asked.expires;
    request.backing_store = asked.store;
    request.if_version = asked.if_version;
    co_return co_await safe.upsert(request);
}

net::awaitable<base::result<client::reply>> go_back(safe_client& safe, command const& asked) {
    if (asked.what == verb::versions) co_return co_await safe.versions(asked.workloads.front());
    api::restore_request const request{asked.workloads, asked.version, asked.if_version};
    co_return co_await safe.restore(request);
}

outcome told_rotation(command const& asked, client::reply&& reply) {
    outcome result;
    if (asked.output == output_shape::json) {
        result.out.append(reply.body.view());
        result.out.push_back('\n');
        return result;
    }
    auto const done = api::parse_rotation(std::move(reply.body));
    if (!done) return failed({errc::corrupt, "safe's answer cannot be read: " + done.error().what}, true);
    result.out.append(std::format("the root key is {} now, public key {}\n{} only decrypts from here on, until `safe --forget-key {}`\n"
                                  "what is stored is being encrypted anew: `safe status` says how far\n",
                                  printable(done->present), printable(done->public_key), printable(done->replaced), printable(done->replaced)));
    return result;
}

// One version a line: number, date, size; what is no plain earlier version is said.
outcome told_versions(command const& asked, client::reply&& reply) {
    outcome result;
    if (asked.output == output_shape::json) {
        result.out.append(reply.body.view());
        result.out.push_back('\n');
        return result;
    }
    auto const list = api::parse_versions(std::move(reply.body));
    if (!list) return failed({errc::corrupt, "safe's list of versions cannot be read: " + list.error().what}, true);
    for (auto const& one : list->versions) {
        auto line = one.version == 0 ? std::string("?") : std::to_string(one.version);
        if (one.updated) line += "  " + base::format_rfc3339(*one.updated);
        if (one.state == "current" || one.state == "earlier") line += std::format("  {} bytes", one.size);
        if (one.state != "earlier") line += "  " + printable(one.state);
        result.out.append(line);
        result.out.push_back('\n');
    }
    return result;
}

// How the Secrets of k8s: names are: the numbers, then each on a line.
void tell_mirror(base::secret_text& out, codec::json_value mirror) {
    auto const text = [](codec::json_value of, std::string_view name) {
        auto const found = of.member(name);
        return printable(found && found->is(codec::json_kind::number) ? found->number_text() : found ? found->as_string() : std::string_view{});
    };
    out.append(std::format("{}, {} synced, {} failing, {} waiting\n", text(mirror, "apiServer"), text(mirror, "synced"), text(mirror, "failing"), text(mirror, "waiting")));
    auto const secrets = mirror.member("secrets");
    if (!secrets) return;
    for (auto const each : secrets->elements()) {
        auto const why = text(each, "why");
        out.append(std::format("  {} in {}: {} since {}{}{}\n", text(each, "name"), text(each, "namespace"), text(each, "state"), text(each, "since"),
                               why.empty() ? "" : ": ", why));
    }
}

std::string listed(codec::json_value array) {
    std::string text;
    for (auto const element : array.elements()) text += (text.empty() ? "" : ", ") + printable(element.as_string());
    return text;
}

// The members of safe's own status, one a line; its phase decides the exit status.
outcome told_status(command const& asked, client::reply&& reply) {
    outcome result;
    auto const document = codec::json_document::parse(reply.body.clone());
    if (!document) return failed({errc::corrupt, "safe's status is no JSON"}, true);
    auto const root = document->root();
    std::string_view phase;
    for (auto const [name, value] : root.members()) {
        if (name == "phase") phase = value.as_string();
        if (asked.output == output_shape::json) continue;
        result.out.append(printable(name));
        result.out.append(std::string_view{": "});
        if (value.is(codec::json_kind::string)) result.out.append(printable(value.as_string()));
        if (value.is(codec::json_kind::number)) result.out.append(value.number_text());
        if (value.is(codec::json_kind::array)) result.out.append(listed(value));
        if (value.is(codec::json_kind::boolean)) result.out.append(std::string_view{value.as_bool() ? "true" : "false"});
        if (value.is(codec::json_kind::object)) tell_mirror(result.out, value);
        else result.out.push_back('\n');
    }
    if (asked.output == output_shape::json) {
        result.out.append(reply.body.view());
        result.out.push_back('\n');
    }
    if (phase == "sealed") {
        result.status = api::exit_status::sealed;
        result.sentences.emplace_back("safe is sealed: give the root key with `safe -i -`");
    } else if (phase != "serving") {
        result.status = api::exit_status::unreachable;
        result.sentences.push_back("safe is not ready: it is " + printable(phase));
    }
    return result;
}

net::awaitable<outcome> status(safe_client& safe, command asked) {
    auto answer = co_await safe.status();
    if (answer && answer->from_vsecm) co_return told_status(asked, *std::move(answer));
    if (!answer && answer.error().code != errc::invalid) co_return failed(answer.error(), true);
    auto keystone = co_await safe.keystone();
    if (!keystone) co_return failed(keystone.error(), true);
    auto const ready = api::parse_keystone_status(std::move(keystone->body));
    if (!ready) co_return failed(ready.error(), true);
    outcome result;
    std::string_view const word = *ready ? "ready" : "pending";
    if (asked.output == output_shape::json) {
        codec::json_writer(result.out).begin_object().member("server", "original").member("keystone", word).end_object();
        result.out.push_back('\n');
    } else {
        result.out.append(std::format("server: an original VMware Secrets Manager\nkeystone: {}\n", word));
    }
    co_return result;
}

}  // namespace

bool needs_vsecm(prepared_command const& command) noexcept {
    auto const& asked = command.asked;
    switch (asked.what) {
        case verb::rotate_key:
        case verb::forget_key: return true;
        case verb::give_root_key: return !command.root_key.older.empty();
        case verb::put: return asked.append || !asked.store.empty() || asked.if_version;
        case verb::versions:
        case verb::rollback:
        case verb::undelete: return true;
        default: return false;
    }
}

// Only ours has the status route; it answers in every phase.
net::awaitable<base::status> require_vsecm(safe_client& safe) {
    auto const answer = co_await safe.status();
    if (answer && answer->from_vsecm) co_return base::status{};
    if (answer || answer.error().code == errc::invalid)
        co_return base::fail(errc::unsupported, "the server is an original VMware Secrets Manager, which knows no -a, -b, --if-version, no versions and no replaced root keys: nothing was written");
    co_return std::unexpected(answer.error());
}

net::awaitable<base::result<client::reply>> send(safe_client& safe, prepared_command const& command) {
    if (needs_vsecm(command)) VSECM_CO_TRY_OK(co_await require_vsecm(safe));
    switch (command.asked.what) {
        case verb::list:
            if (command.asked.encrypted) co_return co_await safe.list_encrypted();
            co_return co_await safe.list();
        case verb::remove: {
            api::delete_request const request{command.asked.workloads};
            co_return co_await safe.remove(request);
        }
        case verb::versions:
        case verb::rollback:
        case verb::undelete: co_return co_await go_back(safe, command.asked);
        case verb::give_root_key: co_return co_await safe.put_keys(command.root_key);
        case verb::rotate_key: co_return co_await safe.rotate_key(command.root_key);
        case verb::forget_key: co_return co_await safe.forget_key(command.asked.key_id);
        default: co_return co_await put(safe, command);
    }
}

outcome failed(base::error const& why, bool answered) {
    outcome result;
    result.sentences.push_back(printable(why.what));
    // What safe answered is its refusal, whatever the code; the others say that it, or who we are, could not be had.
    switch (why.code) {
        case errc::no_identity:
        case errc::unavailable:
        case errc::timeout: result.status = api::exit_status_of(why.code); break;
        case errc::sealed:
            result.status = api::exit_status::sealed;
            result.sentences.back() += " (Give the root key with `safe -i -`.)";
            break;
        default: result.status = answered ? api::exit_status_of_answer(why.code) : api::exit_status_of(why.code);
    }
    return result;
}

net::awaitable<outcome> perform(safe_client& safe, prepared_command command) {
    if (command.asked.what == verb::status) co_return co_await status(safe, command.asked);
    auto answer = co_await send(safe, command);
    if (!answer) co_return failed(answer.error(), true);
    if (command.asked.what == verb::versions) co_return told_versions(command.asked, *std::move(answer));
    if (command.asked.what == verb::rotate_key) co_return told_rotation(command.asked, *std::move(answer));
    co_return told(command.asked, *std::move(answer));
}

}  // namespace vsecm::roles::sentinel
