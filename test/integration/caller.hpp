// A client of safe with a real identity and no manners: sends whatever a test wants over mutual TLS. Blocking.
#pragma once

#include "support/process.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vsecm::test {

// What main() does first in the product: before any key. Done by everything here that needs it.
void prepare_process();

struct answer {
    unsigned status = 0;  // 0: no answer, `error` says why
    std::string body, reason, etag, server, error;
    bool from_vsecm() const { return server.starts_with("vsecm/"); }
};

// One connection, kept between requests, made anew when it is gone. One thread at a time; several callers on several
// threads are fine.
class caller {
public:
    using headers = std::vector<std::pair<std::string, std::string>>;
    // `environment` is an identity's (system::environment_of). Fetches the identity now; throws if there is none.
    explicit caller(environment_map const& environment);
    ~caller();
    caller(caller&&) noexcept;

    answer send(std::string_view method, std::string_view target, std::string_view body = {}, headers more = {}, std::chrono::seconds limit = std::chrono::seconds{15});
    answer get(std::string_view target, headers more = {}) { return send("GET", target, {}, std::move(more)); }
    answer post(std::string_view target, std::string_view body) { return send("POST", target, body); }
    // Safe may come back on another port after it was killed.
    void move_to(unsigned port);
    void drop_connection();

    // Opens `num` more connections of the same identity and asks one question on each; they stay open. The number of those
    // that were answered.
    std::size_t open_idle(std::size_t num, std::chrono::seconds limit);
    void close_idle(std::size_t num);  // the oldest
    std::size_t num_idle_answering(std::size_t num);  // asks the first `num` again on the connections they have

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::test
