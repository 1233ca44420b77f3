// The sidecar's work: what safe says becomes what the volume holds, and the workload is told.
#pragma once

#include "client/condition.hpp"
#include "client/poller.hpp"
#include "client/session.hpp"
#include "metrics/page.hpp"
#include "net/backoff.hpp"
#include "net/runtime.hpp"
#include "roles/sidecar/announcer.hpp"
#include "volume/keeper.hpp"

namespace vsecm::roles::sidecar {

// On loop 0 of `loop`; everything must outlive that.
class keeping {
public:
    keeping(net::runtime& loop, client::session& session, announcer& tell, config::sidecar_settings const& settings);

    // Until the loop ends. A content that cannot be written is tried again, more slowly each time, until safe has a newer one; and
    // what somebody else changed on the volume is put right, and templates that are changed are rendered, as soon as safe answers
    // that nothing is new.
    net::awaitable<void> follow();
    // Nothing: the volume holds a secret. It may be an older one: better than none.
    std::optional<std::string> not_ready() const;
    void write_metrics(metrics::page& out) const;

private:
    struct news {
        client::fetched found;
        bool is_repeat;  // it was kept before, and somebody touched what was written, or the templates
    };
    net::awaitable<base::status> keep(news const& now);
    net::awaitable<void> keep_newest();
    bool is_to_be_kept_again();

    net::runtime& loop_;
    client::session& session_;
    announcer& tell_;
    client::poll_options options_;
    volume::keeper volume_;
    client::condition reaching_, writing_;
    std::shared_ptr<news const> unwritten_;
    bool is_writing_ = false;  // keep_newest() runs, once: what is newer is written later
    net::timer pause_;         // before the next try of what could not be written
    bool has_held_ = false;    // there was a secret on the volume, now or before
    std::optional<base::system_time> last_success_;  // when the volume was last known to be what safe says
    std::uint64_t num_changes_ = 0, num_errors_ = 0;
};

}  // namespace vsecm::roles::sidecar
