// How vsecm.hpp does what it says. Included by it; nothing here is an interface.
#pragma once

namespace vsecm {
namespace detail {

inline void check(int code) {
    if (code == VSECM_OK) return;
    auto const s = static_cast<status>(code);
    if (is_absence(s)) throw absent_error(s, vsecm_message());
    throw error(s, vsecm_message());
}

inline std::vector<std::string> settings_of(options const& with) {
    std::vector<std::string> settings;
    if (!with.workload_api.empty()) settings.push_back("SPIFFE_ENDPOINT_SOCKET=" + with.workload_api);
    if (!with.safe_url.empty()) settings.push_back("VSECM_SAFE_ENDPOINT_URL=" + with.safe_url);
    if (with.poll_interval.count() > 0) settings.push_back("VSECM_SIDECAR_POLL_INTERVAL=" + std::to_string(with.poll_interval.count()));
    settings.insert(settings.end(), with.settings.begin(), with.settings.end());
    return settings;
}

inline int milliseconds_of(std::chrono::milliseconds span) noexcept {
    constexpr std::chrono::milliseconds longest{0x7fffffff};
    return static_cast<int>(span < longest ? (span.count() < 0 ? 0 : span.count()) : longest.count());
}

inline client& of_process() {
    static client one;
    return one;
}

}  // namespace detail

struct watching::state {
    std::shared_ptr<callback> todo;
    vsecm_watch* handle = nullptr;

    static void call(void* user, int code, vsecm_secret const* content, char const* message) noexcept {
        auto const mine = static_cast<state*>(user)->todo;  // it may destroy its own watch, and this state with it
        (*mine)(change(code, content, message));
    }
};

inline void watching::end::operator()(state* s) const noexcept {
    vsecm_watch_free(s->handle);
    delete s;
}

inline client::client(options const& with) {
    auto const settings = detail::settings_of(with);
    std::vector<char const*> texts;
    for (auto const& setting : settings) texts.push_back(setting.c_str());
    texts.push_back(nullptr);
    vsecm_client* handle = nullptr;
    detail::check(vsecm_open(texts.data(), &handle));
    handle_.reset(handle);
}

inline secret client::fetch(std::chrono::milliseconds timeout) {
    vsecm_secret* handle = nullptr;
    detail::check(vsecm_fetch(handle_.get(), detail::milliseconds_of(timeout), &handle));
    return secret(handle);
}

inline watching client::watch(std::function<void(change const&)> callback) {
    if (!callback) throw error(status::invalid, "there is no function to call");
    watching begun;
    begun.state_.reset(new watching::state{std::make_shared<watching::callback>(std::move(callback)), nullptr});
    detail::check(vsecm_watch_call(handle_.get(), &watching::state::call, begun.state_.get(), &begun.state_->handle));
    return begun;
}

inline secret fetch(std::chrono::milliseconds timeout) { return detail::of_process().fetch(timeout); }
inline watching watch(std::function<void(change const&)> callback) { return detail::of_process().watch(std::move(callback)); }

}  // namespace vsecm
