#include "roles/sentinel/doctor.hpp"

#include "base/encoding.hpp"
#include "codec/json_reader.hpp"
#include "codec/json_writer.hpp"
#include "spiffe/workload_api.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace vsecm::roles::sentinel {
namespace {

using api::exit_status;
using base::errc;
using base::printable;

constexpr std::string_view try_dev = "On a laptop: `vsecm dev --dir DIR`, then `. DIR/env/vsecm-sentinel` in this shell.";

finding good(std::string_view check, std::string what) { return {check, true, std::move(what)}; }
finding bad(std::string_view check, exit_status status, std::string what, std::string fix) {
    return {check, false, std::move(what), std::move(fix), status};
}

finding look_at_socket(std::string const& address) {
    auto const where = spiffe::parse_endpoint_socket(address);
    if (!where) return bad("socket", exit_status::usage, where.error().what, "Set SPIFFE_ENDPOINT_SOCKET to unix:///PATH or tcp://IP:PORT.");
    constexpr std::string_view scheme = "unix:";
    if (!address.starts_with(scheme)) return good("socket", address + " is the Workload API's address");
    auto const path = address.substr(address.find_first_not_of('/', scheme.size()) - 1);
    struct ::stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return bad("socket", exit_status::no_identity, path + ": " + std::strerror(errno),
                   "Is the SPIRE agent running, and its socket mounted here? " + std::string(try_dev));
    if (!S_ISSOCK(found.st_mode))
        return bad("socket", exit_status::no_identity, path + " is no socket", "Point SPIFFE_ENDPOINT_SOCKET at the SPIRE agent's socket.");
    return good("socket", path + " is there");
}

net::awaitable<finding> look_at_identity(client::session& session) {
    auto const opened = co_await session.open(spiffe::svid_source::patience::until_first_error);
    auto const state = session.identity().state();
    if (!opened)
        co_return bad("identity", exit_status::no_identity, printable(opened.error().what),
                      "Register this pod with SPIRE as the sentinel (ClusterSPIFFEID, or `spire-server entry create`). " + std::string(try_dev));
    co_return good("identity", std::format("{}, until {}", printable(state.id->text()), base::format_rfc3339(state.expires)));
}

// An original safe has no status; its answer shows all the same that it is there and trusts us.
bool is_original(base::result<client::reply> const& answer) { return answer ? !answer->from_vsecm : answer.error().code == errc::invalid; }

void look_at_trust(base::result<client::reply> const& answer, std::string const& endpoint, std::vector<finding>& all) {
    auto const code = answer ? errc::invalid : answer.error().code;
    if (!answer && (code == errc::unavailable || code == errc::timeout)) {
        all.push_back(bad("server", exit_status::unreachable, printable(answer.error().what),
                          "Is safe running, and VSECM_SAFE_ENDPOINT_URL (" + printable(endpoint) + ") its address?"));
        return;
    }
    all.push_back(good("server", printable(endpoint) + " answers"));
    if (!answer && code != errc::invalid) {
        all.push_back(bad("trust", client::exit_status_of_call(code), printable(answer.error().what),
                          "Both sides need the same SPIFFE_TRUST_DOMAIN, VSECM_SPIFFEID_PREFIX_SAFE and VSECM_SPIFFEID_PREFIX_SENTINEL."));
        return;
    }
    all.push_back(good("trust", is_original(answer) ? "an original VMware Secrets Manager accepts this identity" : "safe accepts this identity as the sentinel's"));
}

std::string text_of(codec::json_value const& status, std::string_view name) {
    auto const found = status.member(name);
    return found ? printable(found->as_string()) : std::string{};
}

void look_at_phase(codec::json_value const& status, std::vector<finding>& all) {
    auto const phase = text_of(status, "phase");
    if (phase == "sealed")
        all.push_back(bad("serving", exit_status::sealed, "safe is sealed: it waits for the root key", "Type `safe -i -` and give the root key's lines."));
    else if (phase != "serving")
        all.push_back(bad("serving", exit_status::unreachable, "safe is " + phase, "Wait a moment; if it stays so, its log says what it waits for."));
    else
        all.push_back(good("serving", "safe serves; its version is " + text_of(status, "server")));
}

void look_at_store(codec::json_value const& status, std::vector<finding>& all) {
    auto const error = text_of(status, "storeError");
    auto const damaged = status.member("damaged");
    if (!error.empty())
        all.push_back(bad("store", exit_status::refused, "the last write failed: " + error, "Look at the disk of safe's data folder: is it full, or read-only?"));
    else if (damaged && damaged->as_int().value_or(0) != 0)
        all.push_back(bad("store", exit_status::refused, std::string(damaged->number_text()) + " secrets cannot be opened",
                          "`safe -l` marks them; write them again or delete them."));
    else
        all.push_back(good("store", "every stored secret opens, and the last write succeeded"));
}

}  // namespace

net::awaitable<std::vector<finding>> examine(client::session& session, config::sentinel_settings const& settings) {
    std::vector<finding> all{look_at_socket(settings.identity.socket)};
    if (!all.back().good) co_return all;
    all.push_back(co_await look_at_identity(session));
    if (!all.back().good) co_return all;
    auto const answer = co_await session.safe().status();
    look_at_trust(answer, settings.client.endpoint, all);
    if (!all.back().good || is_original(answer)) co_return all;
    auto const document = codec::json_document::parse(answer->body.clone());
    if (!document) {
        all.push_back(bad("serving", exit_status::refused, "safe's status cannot be read", "Use the same version of vsecm on both sides."));
        co_return all;
    }
    look_at_phase(document->root(), all);
    if (all.back().good) look_at_store(document->root(), all);
    co_return all;
}

outcome told_findings(std::vector<finding> const& findings, output_shape shape) {
    outcome result;
    if (!findings.empty()) result.status = findings.back().status;
    if (shape == output_shape::json) {
        codec::json_writer json(result.out);
        json.begin_object().member("ok", findings.empty() || findings.back().good).key("checks").begin_array();
        for (auto const& f : findings) {
            json.begin_object().member("check", f.check).member("ok", f.good).member("what", std::string_view(f.what));
            if (!f.good) json.member("fix", std::string_view(f.fix));
            json.end_object();
        }
        json.end_array().end_object();
        result.out.push_back('\n');
        return result;
    }
    for (auto const& f : findings) {
        result.out.append(std::format("{:<4}{:<10}{}\n", f.good ? "ok" : "no", f.check, f.what));
        if (!f.good) result.out.append("    -> " + f.fix + "\n");
    }
    return result;
}

}  // namespace vsecm::roles::sentinel
