// vsecm-load: drives a server over mutual TLS and says how fast it answered and what that cost it. wrk and h2load cannot
// present a client certificate.
#include "load/crowd.hpp"

#include <CLI/CLI.hpp>
#include <netdb.h>

#include <algorithm>
#include <cstdio>
#include <format>
#include <thread>

namespace {

using namespace vsecm::load;

struct measured {
    std::vector<float> micros;  // sorted
    std::size_t failures = 0, answer_len = 0;
    std::string first_failure;

    explicit measured(std::vector<tally> const& tallies) {
        for (auto const& t : tallies) {
            micros.insert(micros.end(), t.micros.begin(), t.micros.end());
            failures += t.failures;
            answer_len = std::max(answer_len, t.answer_len);
            if (first_failure.empty()) first_failure = t.first_failure;
        }
        std::ranges::sort(micros);
    }
    double quantile(double q) const { return micros.empty() ? 0.0 : static_cast<double>(micros[static_cast<std::size_t>(q * static_cast<double>(micros.size() - 1))]); }
};

// The server's threads with what each has spent, as a JSON array.
std::string print_threads(server_cost const& before, server_cost const& after) {
    std::string out;
    for (std::size_t i = 0; i < after.threads.size(); ++i) {
        out += std::format("{}{{\"name\":\"{}\",\"cpu_s\":{:.6f}}}", i == 0 ? "" : ",", after.threads[i].name,
            after.threads[i].cpu_seconds - before.threads[i].cpu_seconds);
    }
    return "[" + out + "]";
}

void print(settings const& s, measured const& m, server_cost const& before, server_cost const& after) {
    auto const n = static_cast<double>(std::max<std::size_t>(m.micros.size(), 1));
    double const cpu = (after.cpu_seconds - before.cpu_seconds) * 1e6 / n;
    double const user = (after.user_instructions - before.user_instructions) / n;
    double const kernel = (after.kernel_instructions - before.kernel_instructions) / n;
    if (s.json) {
        std::puts(std::format("{{\"requests\":{},\"rate\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"server_cpu_us\":{:.3f},\"user_instructions\":{:.0f},"
                              "\"kernel_instructions\":{:.0f},\"threads\":{},\"failures\":{},\"answer_len\":{}}}",
            m.micros.size(), n / s.seconds, m.quantile(0.5), m.quantile(0.99), cpu, user, kernel, print_threads(before, after), m.failures, m.answer_len).c_str());
    } else {
        std::puts(std::format("{} {} in {:.2f} s: {:.0f}/s, p50 {:.0f} us, p99 {:.0f} us, {} bytes each, {} failures", m.micros.size(),
            s.fresh ? "connections" : "requests", s.seconds, n / s.seconds, m.quantile(0.5), m.quantile(0.99), m.answer_len, m.failures).c_str());
        if (!s.pids.empty()) std::puts(std::format("server: {:.2f} us CPU, {:.0f} + {:.0f} instructions (user + kernel) each", cpu, user, kernel).c_str());
    }
}

void print(settings const& s, holding_cost const& found, std::size_t failures) {
    auto const* const form = s.json ? R"({{"connections":{},"seconds":{:.1f},"idle_bytes_each":{:.0f},"watching_bytes_each":{:.0f},"failures":{}}})"
                                    : "{} connections, all answered after {:.1f} s: {:.0f} bytes of the server each when idle, {:.0f} when watching, {} failures";
    std::puts(std::vformat(form, std::make_format_args(found.num, found.seconds, found.idle_bytes_each, found.watching_bytes_each, failures)).c_str());
}

int say_failures(std::size_t failures, std::string const& first) {
    if (failures != 0) std::fprintf(stderr, "vsecm-load: first failure: %s\n", first.c_str());
    return failures == 0 ? 0 : 1;
}

int run_hold(settings const& s, server_meter const& meter) {
    tally t;
    auto const found = hold(s, meter, t);
    print(s, found, t.failures);
    return say_failures(t.failures, t.first_failure);
}

int run_drive(settings const& s, server_meter const& meter) {
    std::vector<tally> tallies(static_cast<std::size_t>(s.threads));
    auto const seconds = [](double value) { return std::chrono::duration_cast<clock_type::duration>(std::chrono::duration<double>(value)); };
    auto const begin = clock_type::now() + seconds(s.warmup), end = begin + seconds(s.seconds);
    std::vector<std::jthread> threads;
    for (int i = 0; i < s.threads; ++i) {
        int const share = s.connections / s.threads + (i < s.connections % s.threads ? 1 : 0);
        threads.emplace_back([&, i, share] { drive(s, share, begin, end, tallies[static_cast<std::size_t>(i)]); });
    }
    std::this_thread::sleep_until(begin);
    auto const before = meter.read();
    std::this_thread::sleep_until(end);
    auto const after = meter.read();
    threads.clear();
    measured const m(tallies);
    print(s, m, before, after);
    bool const all_worked = std::ranges::none_of(tallies, [](tally const& t) { return t.micros.empty(); });
    return say_failures(m.failures, m.first_failure) == 0 && all_worked ? 0 : 1;
}

bool resolve(settings& s) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(s.host.c_str(), s.port.c_str(), &hints, &found) != 0) return false;
    std::copy_n(reinterpret_cast<char const*>(found->ai_addr), found->ai_addrlen, reinterpret_cast<char*>(&s.address));
    s.address_len = found->ai_addrlen;
    ::freeaddrinfo(found);
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    settings s;
    CLI::App app("Load over mutual TLS: keep-alive requests, a new connection for each, or connections that are only held");
    app.add_option("--host", s.host, "an IP address");
    app.add_option("--port", s.port)->required();
    app.add_option("--path", s.path);
    app.add_option("--method", s.method);
    app.add_option("--header", s.headers, "\"Name: value\"");
    app.add_option("--cert", s.cert, "client certificate chain, PEM")->required();
    app.add_option("--key", s.key, "its key, PEM")->required();
    app.add_option("--ca", s.ca, "CA of the server, PEM; without it the server is not verified");
    app.add_option("--ca-key", s.ca_key, "key of the client's CA, PEM: every connection presents a certificate never seen before");
    app.add_option("--groups", s.groups);
    app.add_option("--connections", s.connections);
    app.add_option("--threads", s.threads);
    app.add_option("--seconds", s.seconds, "with --hold: for the opening, at most");
    app.add_option("--warmup", s.warmup, "seconds that are not counted");
    app.add_option("--expect", s.expect, "status every answer must have");
    app.add_option("--pid", s.pids, "server processes whose CPU time and memory are measured, with all their threads");
    auto* const fresh = app.add_flag("--fresh", s.fresh, "a new connection for each request");
    app.add_flag("--hold", s.hold, "one request a connection, then silence, then the same with its ETag, held by the server; on one thread")->excludes(fresh);
    app.add_flag("--json", s.json);
    CLI11_PARSE(app, argc, argv);

    s.request = std::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", s.method, s.path, s.host, s.port);
    for (auto const& header : s.headers) s.request += header + "\r\n";
    s.watch_request_head = s.request;
    s.watch_request_head.replace(s.method.size() + 1, s.path.size(), s.path + (s.path.contains('?') ? "&" : "?") + "wait=300");
    s.request += "\r\n";
    if (!resolve(s)) {
        std::fprintf(stderr, "vsecm-load: %s is not an address\n", s.host.c_str());
        return 1;
    }
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    server_meter const meter(s.pids);
    return s.hold ? run_hold(s, meter) : run_drive(s, meter);
}
