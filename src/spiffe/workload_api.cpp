#include "spiffe/workload_api.hpp"

#include "base/try.hpp"

#include <boost/asio/ip/address.hpp>
#include <protozero/pbf_reader.hpp>
#include <unistd.h>

#include <charconv>
#include <set>

namespace vsecm::spiffe {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr auto bytes_field(protozero::pbf_tag_type tag) { return protozero::tag_and_type(tag, pbf_wire_type::length_delimited); }

base::byte_view bytes_of(protozero::data_view view) { return base::as_bytes({view.data(), view.size()}); }
std::string_view text_of(protozero::data_view view) { return {view.data(), view.size()}; }
protozero::data_view view_of(base::byte_view bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// Fields are told apart by tag *and* wire type: asking protozero for a type that is not there is an assertion.
struct raw_svid {
    std::string_view id, hint;
    base::byte_view chain, key, bundle;

    explicit raw_svid(protozero::data_view message) {
        for (pbf_reader fields(message); fields.next();) {
            switch (fields.tag_and_type()) {
                case bytes_field(1): id = text_of(fields.get_view()); break;
                case bytes_field(2): chain = bytes_of(fields.get_view()); break;
                case bytes_field(3): key = bytes_of(fields.get_view()); break;
                case bytes_field(4): bundle = bytes_of(fields.get_view()); break;
                case bytes_field(5): hint = text_of(fields.get_view()); break;
                default: fields.skip();
            }
        }
    }
};

struct map_entry {
    std::string_view key;
    base::byte_view value;

    explicit map_entry(protozero::data_view message) {
        for (pbf_reader fields(message); fields.next();) {
            switch (fields.tag_and_type()) {
                case bytes_field(1): key = text_of(fields.get_view()); break;
                case bytes_field(2): value = bytes_of(fields.get_view()); break;
                default: fields.skip();
            }
        }
    }
};

base::status take_svid(x509_context& context, std::set<std::string, std::less<>>& hints, raw_svid const& raw) {
    if (!raw.hint.empty() && !hints.emplace(raw.hint).second) return {};  // the first with a hint wins
    VSECM_TRY(svid, x509_svid::parse(raw.id, raw.chain, raw.key, raw.hint));
    if (raw.bundle.empty()) return base::fail(base::errc::corrupt, "{} came without its trust domain's bundle", svid.id().text());
    context.bundles.try_emplace(std::string(svid.id().trust_domain()), raw.bundle.begin(), raw.bundle.end());
    context.svids.push_back(std::move(svid));
    return {};
}

base::result<x509_context> parse_response(base::byte_view message) {
    x509_context context;
    std::set<std::string, std::less<>> hints;
    for (pbf_reader fields(view_of(message)); fields.next();) {
        switch (fields.tag_and_type()) {
            case bytes_field(1): {
                VSECM_TRY_OK(take_svid(context, hints, raw_svid(fields.get_view())));
                break;
            }
            case bytes_field(3): {
                map_entry const entry(fields.get_view());
                context.federated[std::string(entry.key)].assign(entry.value.begin(), entry.value.end());
                break;
            }
            default: fields.skip();
        }
    }
    if (context.svids.empty()) return base::fail(base::errc::corrupt, "an answer without an SVID");
    return context;
}

base::error explain_connect(grpc::endpoint const& where, base::error const& why) {
    switch (why.code) {
        case base::errc::not_found:
            return {why.code, std::format("no SPIFFE Workload API at {}: the socket does not exist. Is the SPIRE agent running and "
                                          "its socket mounted? Set SPIFFE_ENDPOINT_SOCKET.", where.text())};
        case base::errc::denied:
            return {why.code, std::format("no permission for the SPIFFE Workload API socket {}: this process runs as user {}.",
                                          where.text(), ::geteuid())};
        case base::errc::unavailable:
            return {why.code, std::format("nobody answers at the SPIFFE Workload API {} ({}). Is the SPIRE agent running?",
                                          where.text(), why.what)};
        default: return {why.code, std::format("the SPIFFE Workload API at {}: {}", where.text(), why.what)};
    }
}

base::error explain_end(grpc::endpoint const& where, grpc::call_status const& end) {
    switch (end.status) {
        case grpc::code::permission_denied:
            return {base::errc::no_identity,
                    std::format("the SPIFFE Workload API at {} issues no identity to this process ({}). Is it registered?",
                                where.text(), end.message)};
        case grpc::code::invalid_argument:
        case grpc::code::unimplemented:
            return {base::errc::unsupported, std::format("{} is not a SPIFFE Workload API we can use: {}", where.text(),
                                                         grpc::to_error(end).what)};
        case grpc::code::ok:
            return {base::errc::unavailable, std::format("the SPIFFE Workload API at {} ended the watch", where.text())};
        default:
            return {base::errc::unavailable,
                    std::format("the SPIFFE Workload API at {}: {}", where.text(), grpc::to_error(end).what)};
    }
}

base::result<grpc::endpoint> parse_unix(std::string_view rest, std::string_view text) {
    constexpr std::string_view what = "workload endpoint unix socket URI";
    if (rest.contains('?')) return base::fail(base::errc::invalid, "{} must not include query values: '{}'", what, text);
    if (rest.contains('#')) return base::fail(base::errc::invalid, "{} must not include a fragment: '{}'", what, text);
    if (rest.contains('%')) return base::fail(base::errc::invalid, "{} must not include escapes: '{}'", what, text);
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        if (!rest.empty() && !rest.starts_with('/'))
            return base::fail(base::errc::invalid, "{} must not include a host, so the path begins with a third slash: '{}'", what, text);
    } else if (!rest.starts_with('/')) {
        return base::fail(base::errc::invalid, "{} must not be opaque: '{}'", what, text);
    }
    if (rest.size() < 2) return base::fail(base::errc::invalid, "{} must include a path: '{}'", what, text);
    if (rest.contains('\0')) return base::fail(base::errc::invalid, "{} must not include NUL", what);
    return grpc::endpoint{grpc::endpoint::kind::unix_path, std::string(rest), {}, 0};
}

base::result<grpc::endpoint> parse_tcp(std::string_view rest, std::string_view text) {
    constexpr std::string_view what = "workload endpoint tcp socket URI";
    if (!rest.starts_with("//")) return base::fail(base::errc::invalid, "{} must not be opaque: '{}'", what, text);
    rest.remove_prefix(2);
    if (rest.contains('@')) return base::fail(base::errc::invalid, "{} must not include user info: '{}'", what, text);
    if (rest.contains('?')) return base::fail(base::errc::invalid, "{} must not include query values: '{}'", what, text);
    if (rest.contains('#')) return base::fail(base::errc::invalid, "{} must not include a fragment: '{}'", what, text);
    if (rest.contains('/')) return base::fail(base::errc::invalid, "{} must not include a path: '{}'", what, text);
    auto const colon = rest.rfind(':');
    auto const bad = [&] { return base::fail(base::errc::invalid, "{} host component must be an IP:port: '{}'", what, text); };
    if (colon == std::string_view::npos) return bad();
    auto host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    else if (host.contains(':')) return bad();
    net::error_code ec;
    auto const ip = net::asio::ip::make_address(host, ec);
    if (ec) return bad();
    auto const digits = rest.substr(colon + 1);
    std::uint16_t port = 0;
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failed != std::errc{} || end != digits.data() + digits.size() || port == 0) return bad();
    return grpc::endpoint{grpc::endpoint::kind::tcp, {}, ip.to_string(), port};
}

}  // namespace

base::result<grpc::endpoint> parse_endpoint_socket(std::string_view text) {
    if (text.empty()) return base::fail(base::errc::invalid, "workload endpoint socket address is not configured");
    if (text.starts_with("unix:")) return parse_unix(text.substr(5), text);
    if (text.starts_with("tcp:")) return parse_tcp(text.substr(4), text);
    return base::fail(base::errc::invalid, "workload endpoint socket URI must have a \"tcp\" or \"unix\" scheme: '{}'", text);
}

base::result<x509_context> parse_x509_svid_response(base::byte_view message) {
    try {
        return parse_response(message);
    } catch (protozero::exception const& malformed) {
        return base::fail(base::errc::corrupt, "a malformed X509SVIDResponse: {}", malformed.what());
    }
}

x509_watch::x509_watch(net::executor ex, watch_options options, watch_listener& listener)
    : options_(std::move(options)), listener_(listener), pause_(ex),
      tries_({.first = options_.first_retry, .factor = 2.0, .cap = options_.max_retry, .max_attempts = {}}) {}

void x509_watch::stop() {
    stopped_ = true;
    pause_.cancel();
    if (stream_) stream_->cancel();
}

net::awaitable<base::status> x509_watch::run() {
    while (!stopped_) {
        auto const ended = co_await watch_once();
        stream_.reset();
        if (stopped_) break;
        // Something else at that address, or an agent that does not do this yet: whoever mends that does not restart us.
        bool const is_unsupported = ended.error().code == base::errc::unsupported;
        if (!is_unsupported || !was_unsupported_) listener_.on_error(ended.error());
        was_unsupported_ = is_unsupported;
        // Never at once, and never in step with others who lost the same agent.
        auto const least = (is_unsupported ? options_.max_retry : options_.first_retry) / 2;
        auto const wait = std::max(tries_.next().value_or(options_.max_retry), least);
        pause_.expires_after(wait);
        auto [woken] = co_await pause_.async_wait(net::as_result);
        static_cast<void>(woken);
    }
    co_return base::fail(base::errc::cancelled, "the watch was stopped");
}

// Ends with the reason, always.
net::awaitable<base::status> x509_watch::watch_once() {
    using clock = std::chrono::steady_clock;
    auto connected = co_await grpc::client::connect(options_.where, {}, clock::now() + options_.connect_timeout);
    if (stopped_) co_return base::fail(base::errc::cancelled, "the watch was stopped");
    if (!connected) co_return std::unexpected(explain_connect(options_.where, connected.error()));
    auto& stream = stream_.emplace(
        connected->start("/SpiffeWorkloadAPI/FetchX509SVID", {{"workload.spiffe.io", "true"}}, {}));
    auto deadline = clock::now() + options_.first_message_timeout;
    for (;;) {
        auto message = co_await stream.next(deadline);
        if (!message)
            co_return base::fail(base::errc::timeout, "the SPIFFE Workload API at {} did not answer in time", options_.where.text());
        if (!*message) co_return std::unexpected(explain_end(options_.where, stream.ended()));
        if (stopped_) co_return base::fail(base::errc::cancelled, "the watch was stopped");
        deadline = clock::time_point::max();
        tries_.reset();
        was_unsupported_ = false;
        auto context = parse_x509_svid_response((*message)->bytes());
        if (context) listener_.on_update(*std::move(context));
        else listener_.on_error(std::move(context).error().within(std::format("the SPIFFE Workload API at {}", options_.where.text())));
    }
}

}  // namespace vsecm::spiffe
