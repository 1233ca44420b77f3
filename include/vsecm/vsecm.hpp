// vsecm.hpp: the secret of this workload, from C++17. All of it is inline over vsecm.h, which is the library's only interface:
// a program and the library need not come from the same compiler.
//
//     vsecm::secret const password = vsecm::fetch();
//     auto const watching = vsecm::watch([](vsecm::change const& now) { if (now) reconnect(now.data()); });
//
// Which secret that is follows from who this process is: see vsecm.h, whose word on threads, fork and memory holds here too.
#pragma once

#include <vsecm/vsecm.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vsecm {

enum class status : int {
    ok = VSECM_OK,
    invalid = VSECM_INVALID,
    refused = VSECM_REFUSED,
    sealed = VSECM_SEALED,
    no_identity = VSECM_NO_IDENTITY,
    unreachable = VSECM_UNREACHABLE,
    absent = VSECM_ABSENT,
    deleted = VSECM_DELETED,
    not_yet = VSECM_NOT_YET,
    expired = VSECM_EXPIRED,
    unchanged = VSECM_UNCHANGED,
    closed = VSECM_CLOSED,
    internal = VSECM_INTERNAL,
};

// Whether safe says that the workload has nothing now: the only statuses that mean "do not use the secret any more".
constexpr bool is_absence(status s) noexcept { return s >= status::absent && s <= status::expired; }

// What every function here throws, but for std::bad_alloc. what() is a sentence for people, without a secret in it.
class error : public std::runtime_error {
public:
    error(status code, std::string const& sentence) : std::runtime_error(sentence), code_(code) {}
    status code() const noexcept { return code_; }

private:
    status code_;
};

// There is nothing for this workload: is_absence(code()).
class absent_error : public error {
public:
    using error::error;
};

// One secret, as it was at one moment. Moves, does not copy; wiped when it goes.
class secret {
public:
    std::string_view data() const noexcept { return {vsecm_secret_data(handle_.get()), vsecm_secret_size(handle_.get())}; }
    char const* c_str() const noexcept { return vsecm_secret_data(handle_.get()); }
    // When it was registered, and last changed; the epoch if safe did not say.
    std::chrono::system_clock::time_point created() const noexcept { return at(vsecm_secret_created(handle_.get())); }
    std::chrono::system_clock::time_point updated() const noexcept { return at(vsecm_secret_updated(handle_.get())); }

    // Takes the handle over; it is not null.
    explicit secret(vsecm_secret* handle) noexcept : handle_(handle) {}

private:
    struct wipe {
        void operator()(vsecm_secret* handle) const noexcept { vsecm_secret_free(handle); }
    };
    static std::chrono::system_clock::time_point at(long long seconds) noexcept {
        return std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
    }
    std::unique_ptr<vsecm_secret, wipe> handle_;
};

// What is left empty, or zero, is the environment's to say, or the default's.
struct options {
    std::string workload_api;                     // SPIFFE_ENDPOINT_SOCKET: "unix:///run/spire/agent.sock"
    std::string safe_url;                         // VSECM_SAFE_ENDPOINT_URL: "https://vsecm-safe.vsecm-system.svc.cluster.local:8443/"
    std::chrono::milliseconds poll_interval{0};   // VSECM_SIDECAR_POLL_INTERVAL: for watches, where safe cannot push
    std::vector<std::string> settings;            // more of them, "NAME=VALUE"
};

// One piece of news. `code` ok: the secret is now data(). An absence: there is none now. Anything else is trouble on the way: what was told
// before stands.
class change {
public:
    status code() const noexcept { return code_; }
    explicit operator bool() const noexcept { return code_ == status::ok; }
    bool is_absence() const noexcept { return vsecm::is_absence(code_); }
    // Of ok only; valid during the call.
    std::string_view data() const noexcept { return {vsecm_secret_data(handle_), vsecm_secret_size(handle_)}; }
    // A sentence for people; empty if ok.
    std::string_view message() const noexcept { return message_; }

    change(int code, vsecm_secret const* handle, char const* message) noexcept
        : code_(static_cast<status>(code)), handle_(handle), message_(message) {}

private:
    status code_;
    vsecm_secret const* handle_;
    std::string_view message_;
};

class client;

// A watch that ends with it: once it is gone the callback does not run and will not again. It may be destroyed or stopped inside the
// callback; but the first call may come before client::watch has returned it, and so before a variable holds it: a callback that
// uses that variable waits, with a mutex say, until it is set.
class watching {
public:
    watching() noexcept = default;
    void stop() noexcept { state_.reset(); }

private:
    friend class client;
    using callback = std::function<void(change const&)>;
    struct state;
    struct end {
        void operator()(state* s) const noexcept;
    };
    std::unique_ptr<state, end> state_;
};

// A connection to safe, kept. Thread-safe. It contacts nobody before the first call.
class client {
public:
    // status::invalid: an option or a variable does not parse.
    explicit client(options const& with = {});

    // The secret as it is now. `timeout` is for all of it: identity, connection and answer.
    // absent_error if there is none; error for everything else.
    secret fetch(std::chrono::milliseconds timeout = std::chrono::seconds(10));

    // Calls back, on a thread of its own, with what is there and then with each change. What the callback throws ends the program.
    // The client may go first: the callback is not called after that.
    [[nodiscard]] watching watch(std::function<void(change const&)> callback);

private:
    struct close {
        void operator()(vsecm_client* handle) const noexcept { vsecm_close(handle); }
    };
    std::unique_ptr<vsecm_client, close> handle_;
};

// The same with one client for the whole process, made from the environment at the first call and closed at its end.
secret fetch(std::chrono::milliseconds timeout = std::chrono::seconds(10));
[[nodiscard]] watching watch(std::function<void(change const&)> callback);

}  // namespace vsecm

#include <vsecm/vsecm_inline.hpp>
