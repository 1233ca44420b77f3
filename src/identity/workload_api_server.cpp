#include "identity/workload_api_server.hpp"

#include "base/log.hpp"
#include "base/try.hpp"

#include <random>
#include <vector>

namespace vsecm::identity {
namespace {

constexpr std::string_view service_prefix = "/SpiffeWorkloadAPI/";
// Between new roots and new leaves: time for everyone to take the roots in.
constexpr std::chrono::milliseconds settling{300};
grpc::call_status const not_issued{grpc::code::permission_denied, "no identity issued"};

// Protobuf of this API is nothing but length-delimited fields. Written by hand, because a key passes through: wiping memory.
void append_varint(base::secret_text& out, std::size_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    out.push_back(static_cast<char>(value));
}
void append_field(base::secret_text& out, unsigned tag, base::byte_view bytes) {
    append_varint(out, tag << 3 | 2);
    append_varint(out, bytes.size());
    out.append(bytes);
}
void append_map_entry(base::secret_text& out, unsigned tag, std::string_view key, base::byte_view value) {
    base::secret_text entry;
    append_field(entry, 1, base::as_bytes(key));
    append_field(entry, 2, value);
    append_field(out, tag, entry.bytes());
}

// Exactly one `workload.spiffe.io: true`: what a browser or a forged redirect cannot send.
bool has_security_header(grpc::metadata const& headers) {
    std::size_t num = 0;
    bool right = false;
    for (auto const& entry : headers) {
        if (entry.name != "workload.spiffe.io") continue;
        ++num;
        right = entry.value == "true";
    }
    return num == 1 && right;
}

double jitter() {
    thread_local std::minstd_rand random{std::random_device{}()};  // spreads load; nothing secret about it
    return std::uniform_real_distribution<double>(0.9, 1.1)(random);
}

}  // namespace

struct workload_api_server::state : std::enable_shared_from_this<workload_api_server::state> {
    struct identity {
        identity(net::executor ex, std::string spiffe_id, std::chrono::seconds lifetime)
            : id(std::move(spiffe_id)), ttl(lifetime), rotation(ex) {}
        std::string id;
        std::chrono::seconds ttl;
        bool issued = true;
        bool closed = false;
        minted_svid svid;
        net::timer rotation;
        std::vector<std::shared_ptr<grpc::server_call>> svid_calls;
        std::vector<std::shared_ptr<grpc::server_call>> bundle_calls;
        std::unique_ptr<grpc::server> listener;
    };

    state(net::executor loop, issuer& ca, workload_api_options chosen) : ex(loop), authority(ca), options(chosen), pushed(bundles_response()) {}

    net::executor ex;
    issuer& authority;
    workload_api_options options;
    std::map<std::string, std::shared_ptr<identity>> identities;  // by socket path
    base::secret_text pushed;  // the bundles that everyone was last told

    base::secret_text svid_response(identity const& who) const {
        auto const roots = authority.bundle();
        base::secret_text svid;
        append_field(svid, 1, base::as_bytes(who.svid.id));
        append_field(svid, 2, who.svid.chain);
        append_field(svid, 3, who.svid.key.view());
        append_field(svid, 4, roots);
        base::secret_text out;
        append_field(out, 1, svid.bytes());
        for (auto const& [domain, bundle] : authority.federated()) append_map_entry(out, 3, "spiffe://" + domain, bundle);
        return out;
    }

    base::secret_text bundles_response() const {
        base::secret_text out;
        append_map_entry(out, 2, "spiffe://" + authority.trust_domain(), authority.bundle());
        for (auto const& [domain, bundle] : authority.federated()) append_map_entry(out, 2, "spiffe://" + domain, bundle);
        return out;
    }

    static void send_to_all(std::vector<std::shared_ptr<grpc::server_call>>& calls, base::secret_text const& message) {
        std::erase_if(calls, [](auto const& call) { return call->closed(); });
        for (auto const& call : std::vector(calls))
            if (auto sent = call->send(message.bytes()); !sent)
                base::log::warn("workload_api_push_failed", {{"pid", call->peer().pid}, {"reason", sent.error().what}});
    }

    static void finish_all(std::vector<std::shared_ptr<grpc::server_call>>& calls, grpc::call_status const& status) {
        for (auto const& call : std::exchange(calls, {})) call->finish(status);
    }

    void handle(std::shared_ptr<identity> const& who, std::shared_ptr<grpc::server_call> call) {
        auto const path = call->path();
        if (!path.starts_with(service_prefix)) return call->finish(grpc::server::unimplemented(*call));
        if (!has_security_header(call->headers()))
            return call->finish({grpc::code::invalid_argument, "security header missing from request"});
        auto const method = path.substr(service_prefix.size());
        bool const wants_svid = method == "FetchX509SVID";
        if (!wants_svid && method != "FetchX509Bundles") return call->finish(grpc::server::unimplemented(*call));
        if (!who->issued) return call->finish(not_issued);
        auto& calls = wants_svid ? who->svid_calls : who->bundle_calls;
        std::erase_if(calls, [](auto const& old) { return old->closed(); });
        calls.push_back(call);
        auto const message = wants_svid ? svid_response(*who) : bundles_response();
        if (auto sent = call->send(message.bytes()); !sent) call->finish({grpc::code::unavailable, sent.error().what});
        base::log::debug("workload_api_call", {{"id", who->id}, {"method", method}, {"pid", call->peer().pid}, {"uid", call->peer().uid}});
    }

    // A fresh SVID now, and the next one at half of its life.
    base::status renew(std::shared_ptr<identity> const& who) {
        auto minted = authority.mint(who->id, who->ttl);
        auto pause = std::chrono::nanoseconds{std::chrono::seconds{5}};  // after a failure: the present SVID is good for a while
        if (minted) {
            who->svid = *std::move(minted);
            auto const life = who->svid.expires - authority.clock().now();
            pause = std::chrono::nanoseconds{static_cast<std::int64_t>(static_cast<double>(life.count()) * jitter() / 2)};
        }
        after(pause, who, &state::rotate);
        if (!minted) return std::unexpected(std::move(minted).error());
        return {};
    }

    // What is to happen to the SVID next, in place of what was to.
    void after(std::chrono::nanoseconds pause, std::shared_ptr<identity> const& who, void (state::*next)(std::shared_ptr<identity> const&)) {
        who->rotation.expires_after(pause);
        who->rotation.async_wait([weak = weak_from_this(), who, next](net::error_code ec) {
            if (auto const self = weak.lock(); self && !ec) (*self.*next)(who);
        });
    }

    void rotate(std::shared_ptr<identity> const& who) {
        if (who->closed) return;  // the timer had already fired
        if (authority.ca_is_old()) {
            if (auto rotated = authority.rotate_ca(); rotated) return push_all();
            else base::log::error("identity_ca_rotation_failed", {{"reason", rotated.error().what}});
        }
        renew_and_send(who);
    }

    void renew_and_send(std::shared_ptr<identity> const& who) {
        if (who->closed) return;
        if (auto renewed = renew(who); !renewed)
            return base::log::error("identity_rotation_failed", {{"id", who->id}, {"reason", renewed.error().what}});
        send_to_all(who->svid_calls, svid_response(*who));
    }

    // Everybody needs new roots before anybody presents a leaf of them: so first the SVIDs that are there, with these.
    void push_all() {
        auto bundles = bundles_response();
        bool const has_news = bundles.view() != pushed.view();
        for (auto const& [path, who] : identities) {
            send_to_all(who->bundle_calls, bundles);
            if (has_news) {
                send_to_all(who->svid_calls, svid_response(*who));
                after(settling, who, &state::renew_and_send);
            } else {
                renew_and_send(who);
            }
        }
        pushed = std::move(bundles);
    }

    static void close(identity& who) {
        who.closed = true;
        who.rotation.cancel();
        who.listener->stop();
    }
};

workload_api_server::workload_api_server(net::executor ex, issuer& authority, workload_api_options options)
    : state_(std::make_shared<state>(ex, authority, options)) {}

workload_api_server::~workload_api_server() { stop(); }

base::status workload_api_server::add(std::string id, std::string socket_path, std::chrono::seconds ttl) {
    if (state_->identities.contains(socket_path))
        return base::fail(base::errc::conflict, "an identity is served at {} already", socket_path);
    auto who = std::make_shared<state::identity>(state_->ex, std::move(id), ttl);
    VSECM_TRY_OK(state_->renew(who));
    who->listener = std::make_unique<grpc::server>(
        state_->ex,
        [weak = std::weak_ptr(state_), seen = std::weak_ptr(who)](std::shared_ptr<grpc::server_call> call) {
            auto const self = weak.lock();
            auto const mine = seen.lock();
            if (self && mine) self->handle(mine, std::move(call));
            else call->finish(not_issued);
        },
        state_->options.server);
    if (auto listening = who->listener->listen_unix(socket_path, state_->options.socket_mode); !listening) {
        who->rotation.cancel();
        return listening;
    }
    state_->identities.emplace(std::move(socket_path), std::move(who));
    return {};
}

base::status workload_api_server::remove(std::string const& socket_path) {
    auto const at = state_->identities.find(socket_path);
    if (at == state_->identities.end()) return base::fail(base::errc::not_found, "no identity is served at {}", socket_path);
    auto const who = at->second;
    state_->identities.erase(at);
    state::finish_all(who->svid_calls, not_issued);
    state::finish_all(who->bundle_calls, not_issued);
    state::close(*who);
    return {};
}

base::status workload_api_server::set_issued(std::string const& socket_path, bool issued) {
    auto const at = state_->identities.find(socket_path);
    if (at == state_->identities.end()) return base::fail(base::errc::not_found, "no identity is served at {}", socket_path);
    auto& who = *at->second;
    who.issued = issued;
    if (issued) return state_->renew(at->second);
    state::finish_all(who.svid_calls, not_issued);
    state::finish_all(who.bundle_calls, not_issued);
    return {};
}

void workload_api_server::push_all() { state_->push_all(); }

void workload_api_server::stop() {
    for (auto const& [path, who] : std::exchange(state_->identities, {})) state::close(*who);
}

}  // namespace vsecm::identity
