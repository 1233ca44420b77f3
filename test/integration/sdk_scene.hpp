// What the tests of the SDK share: a real safe, and a program's ears.
#pragma once

#include "integration/system.hpp"

#include <vsecm/vsecm.hpp>

#include <catch2/catch_test_macros.hpp>
#include <dirent.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::test {

using namespace std::chrono_literals;

// A local system with a workload, and what a client needs to be it.
struct scene {
    explicit scene(std::vector<std::string> dev_options = {}) : local({"billing"}, {}, std::move(dev_options)) {}

    vsecm::options as(std::string const& workload = "billing") const {
        auto const environment = local.environment_of(workload);
        vsecm::options with;
        with.workload_api = environment.at("SPIFFE_ENDPOINT_SOCKET");
        with.safe_url = environment.at("VSECM_SAFE_ENDPOINT_URL");
        with.settings.push_back("SPIFFE_TRUST_DOMAIN=" + environment.at("SPIFFE_TRUST_DOMAIN"));
        return with;
    }
    vsecm_client* open(vsecm::options const& with) const {
        std::string const socket = "SPIFFE_ENDPOINT_SOCKET=" + with.workload_api, url = "VSECM_SAFE_ENDPOINT_URL=" + with.safe_url;
        std::vector<char const*> settings{socket.c_str(), url.c_str()};
        for (auto const& setting : with.settings) settings.push_back(setting.c_str());
        settings.push_back(nullptr);
        vsecm_client* client = nullptr;
        REQUIRE(vsecm_open(settings.data(), &client) == VSECM_OK);
        return client;
    }
    void put(std::string const& value) { local.sentinel({"-w", "billing", "-s", value}); }

    system local;
};

// Keeps what a watch tells, in order.
class listener {
public:
    auto callback() {
        return [this](vsecm::change const& now) {
            std::lock_guard const lock(guard_);
            heard_.emplace_back(now.code(), now ? std::string(now.data()) : std::string(now.message()));
            told_.notify_all();
        };
    }
    // Takes what comes, until it is this; false if it does not come in time.
    bool hears(vsecm::status code, std::string const& data = {}) {
        std::unique_lock lock(guard_);
        return told_.wait_for(lock, 20s, [&] {
            while (!heard_.empty()) {
                auto const [what, content] = heard_.front();
                heard_.pop_front();
                if (what == code && (what != vsecm::status::ok || content == data)) return true;
            }
            return false;
        });
    }
    std::size_t num_waiting() {
        std::lock_guard const lock(guard_);
        return heard_.size();
    }

private:
    std::mutex guard_;
    std::condition_variable told_;
    std::deque<std::pair<vsecm::status, std::string>> heard_;
};

// How it ends: ok, or the status of what it throws.
status status_of(auto&& call) {
    try {
        call();
    } catch (vsecm::error const& failure) {
        CHECK(std::string_view(failure.what()).size() > 10);
        return failure.code();
    }
    return vsecm::status::ok;
}

inline std::vector<std::string> names_in(char const* folder) {
    std::vector<std::string> names;
    auto* const open = ::opendir(folder);
    while (auto const* entry = ::readdir(open)) names.emplace_back(entry->d_name);
    ::closedir(open);
    return names;
}

inline std::size_t entries_of(char const* folder) { return names_in(folder).size(); }

}  // namespace vsecm::test
