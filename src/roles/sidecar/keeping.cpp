#include "roles/sidecar/keeping.hpp"

#include "spiffe/identity_metrics.hpp"

namespace vsecm::roles::sidecar {
namespace {

using volume::holding, volume::kept;
using std::chrono::milliseconds;

constexpr net::backoff_policy retry_policy{.first = milliseconds{100}, .factor = 2.0, .cap = milliseconds{10'000}, .max_attempts = {}};

client::poll_options poll_options_of(config::sidecar_settings const& settings) {
    client::poll_options options;
    options.interval = settings.poll_interval;
    options.max_interval = settings.max_poll_interval;
    options.wait = std::chrono::ceil<std::chrono::seconds>(settings.wait);
    return options;
}

void log_outcome(kept done, client::fetched const& found) {
    switch (done) {
        case kept::written: base::log::info("file_written", {{"bytes", found.content.data.size()}}); break;
        case kept::emptied: base::log::warn("file_emptied", {{"why", api::name_of(found.why)}}); break;
        case kept::held:
            base::log::warn("file_kept", {{"why", api::name_of(found.why)}, {"what", "safe has no secret for this workload and does not say that it was deleted"}});
            break;
        case kept::unchanged: break;
    }
}

}  // namespace

keeping::keeping(net::runtime& loop, client::session& session, announcer& tell, config::sidecar_settings const& settings)
    : loop_(loop), session_(session), tell_(tell), options_(poll_options_of(settings)), volume_(settings.volume), pause_(loop.loop(0)) {
    // What was emptied before we began had content: its workload is told of the next. (Some other safe's 404 may have made that
    // file, too: told once too often is better than never.)
    has_held_ = volume_.holds() != holding::nothing;
    options_.on_unchanged = [this] { return is_to_be_kept_again(); };
}

// Safe has no news: whether it is needed all the same, because the volume is not any more what was written, or the templates are
// others. No copy of it is here.
bool keeping::is_to_be_kept_again() {
    reaching_.well();
    if (unwritten_) return false;  // it is being written, or tried again
    if (!volume_.is_as_left() || volume_.has_new_templates()) return true;
    last_success_ = base::system_clock().now();
    return false;
}

std::optional<std::string> keeping::not_ready() const {
    if (volume_.holds() == holding::secret) return std::nullopt;
    return "there is no secret on the volume yet";
}

void keeping::write_metrics(metrics::page& out) const {
    spiffe::write_metrics(out, session_.identity().state());
    out.gauge("vsecm_sidecar_last_success_timestamp_seconds", "When the volume was last known to hold what safe says, in seconds since 1970.");
    if (last_success_) out.add(*last_success_);
    out.counter("vsecm_sidecar_changes_total", "How often the volume was written, emptied or filled for the first time.").add(num_changes_);
    out.counter("vsecm_sidecar_errors_total", "Attempts to reach safe, or to write the volume, that failed.").add(num_errors_);
}

// Success: the volume is as safe says.
net::awaitable<base::status> keeping::keep(news const& now) {
    // What has seen no content yet, but an empty file of ours at most, needs no word about the first.
    bool const had_content = has_held_ || volume_.holds() == holding::secret;
    // What a new template makes of the same secret is no repair.
    bool const is_repair = now.is_repeat && !volume_.has_new_templates();
    bool const is_to_be_told = had_content && !is_repair && tell_.tells_anybody();
    bool is_announced = false;
    volume::change_hook const before_change = [&] {
        is_announced = is_to_be_told;
        if (is_announced) tell_.will_change();
    };
    auto const done = co_await volume_.follow(now.found, before_change);
    if (!done) {
        if (is_announced) tell_.has_not_changed();
        writing_.failing("file_not_written", done.error());
        ++num_errors_;
        co_return std::unexpected(done.error());
    }
    writing_.well();
    has_held_ = had_content || *done == kept::written;
    last_success_ = base::system_clock().now();
    if (*done == kept::written || *done == kept::emptied) ++num_changes_;
    log_outcome(*done, now.found);
    if (is_repair && *done != kept::unchanged) base::log::warn("volume_put_right", {{"what", "somebody else had changed or removed what was written"}});
    if (is_announced) tell_.changed();
    co_return base::status{};
}

net::awaitable<void> keeping::keep_newest() {
    net::backoff tries(retry_policy);
    while (auto const newest = unwritten_) {
        auto const is_kept = co_await keep(*newest);
        if (!is_kept && unwritten_ == newest) {
            pause_.expires_after(*tries.next());
            co_await pause_.async_wait(net::as_result);
        }
        if (unwritten_ != newest) tries.reset();
        else if (is_kept) unwritten_.reset();
    }
    is_writing_ = false;
}

net::awaitable<void> keeping::follow() {
    for (;;) {
        auto opened = co_await session_.open(spiffe::svid_source::patience::until_deadline);
        if (opened) break;
        if (opened.error().code == base::errc::cancelled) co_return;  // the role is ending
        reaching_.failing("no_identity", opened.error());
    }
    client::poller poller(session_.safe(), options_);
    for (;;) {
        auto found = co_await poller.next();
        if (!found) {
            if (found.error().code == base::errc::cancelled) co_return;  // the role is ending
            reaching_.failing("safe_away", found.error());
            ++num_errors_;
            continue;
        }
        reaching_.well();
        unwritten_ = std::make_shared<news const>(std::move(*found), poller.repeats());
        pause_.cancel();
        if (!std::exchange(is_writing_, true)) loop_.spawn(0, "writer", keep_newest());
    }
}

}  // namespace vsecm::roles::sidecar
