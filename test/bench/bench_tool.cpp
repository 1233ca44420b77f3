// The measuring half of scripts/bench: durable writes, the bare loop they are compared with, and put-to-file latency.
// Prints one JSON object. Not part of the product.
#include "base/log.hpp"
#include "base/process.hpp"
#include "client/session.hpp"
#include "net/runtime.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

using namespace vsecm;
using steady = std::chrono::steady_clock;

namespace {

[[noreturn]] void die(std::string const& why) {
    std::fprintf(stderr, "bench-tool: %s\n", why.c_str());
    std::exit(1);
}

double percentile(std::vector<double>& sorted, double p) {
    if (sorted.empty()) return 0;
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(p * static_cast<double>(sorted.size())))];
}

client::session operator_session(net::runtime& loops) {
    auto const env = base::environment::of_process();
    std::vector<std::string> warnings;
    auto identity = config::identity_settings::load(env, warnings);
    auto settings = config::client_settings::load(env, warnings);
    if (!identity || !settings) die("settings");
    auto made = client::session::make(loops.loop(0), *identity, *settings, client::self_kind::sentinel);
    if (!made) die(made.error().what);
    return *std::move(made);
}

api::upsert_request put(std::string name, std::string_view value) {
    api::upsert_request request;
    request.workloads = {std::move(name)};
    request.namespaces = {"default"};
    request.value = base::secret_text(value);
    return request;
}

// --- writers ----------------------------------------------------------------------------------------------------------
struct tally {
    std::vector<double> ms;
    steady::time_point until;
    int running = 0;
};

net::awaitable<void> write_on(client::safe_client& safe, int number, tally& counted, net::runtime& loops) {
    std::string const value(256, 'v');
    for (std::uint64_t i = 0; steady::now() < counted.until; ++i) {
        auto request = put("bench-" + std::to_string(number), value + std::to_string(i));
        auto const began = steady::now();
        auto done = co_await safe.upsert(request);
        if (!done) die(done.error().what);
        counted.ms.push_back(std::chrono::duration<double, std::milli>(steady::now() - began).count());
    }
    if (--counted.running == 0) loops.stop();
}

net::awaitable<void> start_writers(std::vector<client::session>& sessions, tally& counted, net::runtime& loops, double seconds) {
    for (auto& s : sessions) {
        auto ready = co_await s.open(spiffe::svid_source::patience::until_first_error);
        if (!ready) die(ready.error().what);
        auto warm = co_await s.safe().upsert(put("bench-warm", "x"));
        if (!warm) die(warm.error().what);
    }
    counted.until = steady::now() + std::chrono::milliseconds(static_cast<long>(seconds * 1000));
    counted.running = static_cast<int>(sessions.size());
    for (std::size_t i = 0; i < sessions.size(); ++i) loops.spawn(0, "writer", write_on(sessions[i].safe(), static_cast<int>(i), counted, loops));
}

int run_writers(int num, double seconds) {
    net::runtime loops(1);
    std::vector<client::session> sessions;
    for (int i = 0; i < num; ++i) sessions.push_back(operator_session(loops));
    tally counted;
    loops.spawn(0, "start", start_writers(sessions, counted, loops, seconds));
    loops.run();
    std::ranges::sort(counted.ms);
    std::printf("{\"rate\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n", static_cast<double>(counted.ms.size()) / seconds, percentile(counted.ms, 0.5), percentile(counted.ms, 0.99));
    return 0;
}

// --- fill: secrets for the memory and start-up figures -------------------------------------------------------------------
net::awaitable<void> fill_with(client::session& s, int num, std::size_t len, net::runtime& loops) {
    auto ready = co_await s.open(spiffe::svid_source::patience::until_first_error);
    if (!ready) die(ready.error().what);
    for (int i = 0; i < num;) {
        auto request = put("", std::string(len, 'x'));
        request.workloads.clear();
        for (int k = 0; k < 250 && i < num; ++k, ++i) request.workloads.push_back("fill-" + std::to_string(i));
        auto done = co_await s.safe().upsert(request);
        if (!done) die(done.error().what);
    }
    loops.stop();
}

int run_fill(int num, std::size_t len) {
    net::runtime loops(1);
    auto s = operator_session(loops);
    loops.spawn(0, "fill", fill_with(s, num, len, loops));
    return loops.run();
}

// --- the bare loop ------------------------------------------------------------------------------------------------------
int run_bare(std::string const& folder, double seconds) {
    std::string const bytes(800, 'b');
    auto const aside = folder + "/aside", target = folder + "/target";
    std::size_t count = 0;
    auto const began = steady::now();
    auto const until = began + std::chrono::milliseconds(static_cast<long>(seconds * 1000));
    for (; steady::now() < until; ++count) {
        int const fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) || ::fsync(fd) != 0) die("bare loop: write");
        ::close(fd);
        if (::rename(aside.c_str(), target.c_str()) != 0) die("bare loop: rename");
        int const dir = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0 || ::fsync(dir) != 0) die("bare loop: folder");
        ::close(dir);
    }
    auto const took = std::chrono::duration<double>(steady::now() - began).count();
    std::printf("{\"rate\":%.1f}\n", static_cast<double>(count) / took);
    return 0;
}

// --- put to file ----------------------------------------------------------------------------------------------------------
std::string content(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Names in `folder` that came to hold `expected`, each with its moment; until there are `num` of them.
void watch_files(int events, std::string const& folder, std::string const& expected, int num, steady::time_point began, std::vector<double>& ms) {
    std::set<std::string> done;
    while (static_cast<int>(done.size()) < num) {
        ::pollfd one{events, POLLIN, 0};
        if (::poll(&one, 1, 20'000) <= 0) die("a sidecar's file does not follow");
        alignas(::inotify_event) char buffer[65536];
        auto const n = ::read(events, buffer, sizeof buffer);
        auto const now = std::chrono::duration<double, std::milli>(steady::now() - began).count();
        for (ssize_t at = 0; at < n;) {
            auto const* event = reinterpret_cast<::inotify_event const*>(buffer + at);
            at += static_cast<ssize_t>(sizeof *event + event->len);
            if (event->len == 0 || event->name[0] == '.' || done.contains(event->name)) continue;
            if (content(folder + "/" + event->name) != expected) continue;
            done.insert(event->name);
            ms.push_back(now);
        }
    }
}

net::awaitable<void> put_repeatedly(client::session& s, std::string folder, int num_files, int rounds, std::vector<double>& ms, std::vector<double>& ok, net::runtime& loops) {
    auto ready = co_await s.open(spiffe::svid_source::patience::until_first_error);
    if (!ready) die(ready.error().what);
    int const events = ::inotify_init1(IN_CLOEXEC);
    ::inotify_add_watch(events, folder.c_str(), IN_MOVED_TO);
    for (int i = 0; i < rounds; ++i) {
        auto const value = "value-" + std::to_string(i) + "-" + std::to_string(steady::now().time_since_epoch().count());
        auto const began = steady::now();
        std::thread watcher(watch_files, events, folder, value, num_files, began, std::ref(ms));
        auto done = co_await s.safe().upsert(put("billing", value));
        if (!done) die(done.error().what);
        ok.push_back(std::chrono::duration<double, std::milli>(steady::now() - began).count());
        watcher.join();
    }
    loops.stop();
}

int run_latency(std::string const& folder, int num_files, int rounds) {
    net::runtime loops(1);
    auto s = operator_session(loops);
    std::vector<double> ms, ok;
    loops.spawn(0, "latency", put_repeatedly(s, folder, num_files, rounds, ms, ok, loops));
    loops.run();
    std::ranges::sort(ms);
    std::ranges::sort(ok);
    std::printf("{\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"ok_p50_ms\":%.3f}\n", percentile(ms, 0.5), percentile(ms, 0.99), ms.back(), percentile(ok, 0.5));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (auto ready = base::harden_process(); !ready) die(ready.error().what);
    base::log::configure(base::log::level::error, base::log::format::text, "bench");
    std::vector<std::string> const args(argv + 1, argv + argc);
    if (args.size() == 3 && args[0] == "writers") return run_writers(std::atoi(args[1].c_str()), std::atof(args[2].c_str()));
    if (args.size() == 3 && args[0] == "bare") return run_bare(args[1], std::atof(args[2].c_str()));
    if (args.size() == 3 && args[0] == "fill") return run_fill(std::atoi(args[1].c_str()), static_cast<std::size_t>(std::atol(args[2].c_str())));
    if (args.size() == 4 && args[0] == "latency") return run_latency(args[1], std::atoi(args[2].c_str()), std::atoi(args[3].c_str()));
    std::fprintf(stderr, "usage: bench-tool writers NUM SECONDS | bare FOLDER SECONDS | fill NUM BYTES | latency FOLDER FILES ROUNDS\n");
    return 1;
}
