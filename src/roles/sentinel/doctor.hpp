// `safe doctor`: what a stuck user asks, in order, one line an answer, and what to do about the first that is no.
#pragma once

#include "client/session.hpp"
#include "roles/sentinel/actions.hpp"

namespace vsecm::roles::sentinel {

// One question. Those behind the first that failed are not asked: they would fail with it.
struct finding {
    std::string_view check;  // one word: what --output json calls it
    bool good = false;
    std::string what;        // one sentence
    std::string fix{};       // what to type or to look at; empty when good
    api::exit_status status = api::exit_status::done;  // of the whole command if this is what failed
};

// socket, identity, server, trust, serving, store: asked of the session, which is opened here and left open. Contacts the
// Workload API and safe, changes nothing.
net::awaitable<std::vector<finding>> examine(client::session& session, config::sentinel_settings const& settings);

// "ok       socket    …" a line, or one JSON object.
outcome told_findings(std::vector<finding> const& findings, output_shape shape);

}  // namespace vsecm::roles::sentinel
