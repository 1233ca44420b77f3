#include "store/plan.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "store/limits.hpp"

#include <algorithm>

namespace vsecm::store {

using base::errc;
using base::fail;

namespace {

bool is_present(secret_ptr const& s) noexcept { return s && s->state == secret_state::present; }

std::vector<std::string_view> views_of(std::vector<base::secret_text> const& values) {
    std::vector<std::string_view> views;
    for (auto const& v : values) views.push_back(v.view());
    return views;
}

record_write write_of(secret_ptr const& current, std::shared_ptr<plain_record const> record,
                      std::shared_ptr<crypto::value_cipher const> cipher) {
    record_write w;
    w.name = record->name;
    w.version = record->version;
    w.state = record->state;
    w.amends = current && current->version == record->version;
    w.replaces = is_present(current) && current->persisted && !w.amends ? current->version : 0;
    w.replaces_damaged = current && current->state == secret_state::damaged;
    w.seal = [record = std::move(record), cipher = std::move(cipher)]() -> base::result<std::vector<std::uint8_t>> {
        auto const json = encode_record(*record);
        return cipher->encrypt(json.bytes());
    };
    return w;
}

// What is acknowledged must be readable after a restart, so a record that would be too large for that is refused.
base::status check_len(plain_record const& record) {
    // A byte takes 7 at most as text within text (`value`), and 6 in each of the other two members.
    std::size_t most = 64 * 1024 + 7 * record.delivered.size();
    for (auto const& value : record.values) most += 13 * value.size();
    if (most <= max_record_text_len) return {};
    if (auto const len = encode_record(record).size(); len > max_record_text_len)
        return fail(errc::too_large, "the secret would take {} bytes in the store, the limit is {}", len, max_record_text_len);
    return {};
}

plain_record marker(std::string name, std::uint64_t version, secret_state state, base::system_time now) {
    plain_record record;
    record.name = std::move(name);
    record.version = version;
    record.state = state;
    record.created = record.updated = now;
    return record;
}

}  // namespace

std::vector<base::secret_text> appended(base::secret_text&& newest, std::vector<base::secret_text>&& earlier) {
    std::vector<base::secret_text> values;
    values.reserve(1 + earlier.size());
    values.push_back(std::move(newest));
    for (auto& old : earlier)
        if (!old.empty() && !base::equal_constant_time(old.bytes(), values.front().bytes())) values.push_back(std::move(old));
    return values;
}

std::uint64_t planner::next_version(std::string_view name, secret_ptr const& current) const {
    std::uint64_t newest = current ? current->version : 0;
    if (auto const burnt = burnt_.find(std::string(name)); burnt != burnt_.end()) newest = std::max(newest, burnt->second);
    return newest + 1;
}

base::result<request_plan> planner::plan(std::vector<change>& changes,
                                         std::shared_ptr<crypto::value_cipher const> const& cipher) const {
    request_plan out;
    for (auto& c : changes) VSECM_TRY_OK(plan_one(c, cipher, out));
    return out;
}

base::status planner::plan_one(change& c, std::shared_ptr<crypto::value_cipher const> const& cipher, request_plan& out) const {
    if (c.kind == change_kind::depart) return plan_departure(c, cipher, out);
    auto const current = map_.find(c.name);
    bool const existed = is_present(current);
    if (c.expected_version) {
        bool const sees_deletion = c.kind == change_kind::undelete && current;
        auto const seen = existed || sees_deletion ? current->version : 0;
        if (*c.expected_version != seen)
            return fail(errc::conflict, "version {} was expected, it is {}", *c.expected_version, seen);
    }
    if (c.kind == change_kind::remove && !existed && !(current && current->state == secret_state::damaged)) {
        out.answer.push_back({current ? current->version : 0, false});
        return {};
    }
    if (c.kind != change_kind::remove && !existed && map_.count().present >= options_.max_secrets)
        return fail(errc::limited, "there are {} secrets, the limit", options_.max_secrets);

    VSECM_TRY(next, next_record(c, current));
    VSECM_TRY(leaving, left_behind(next, current));
    next.meta.leaving = std::move(leaving);
    VSECM_TRY_OK(check_len(next));
    auto const record = std::make_shared<plain_record>(std::move(next));
    auto snapshot = maker_.make(*record);
    snapshot->persisted = !c.memory_only;
    out.answer.push_back({record->version, existed});
    if (!c.memory_only) {
        out.group.writes.push_back(write_of(current, record, cipher));
    } else if (current && current->persisted) {
        // What is on the disk must not come back after a restart.
        auto const vacant = std::make_shared<plain_record>(marker(c.name, record->version, secret_state::vacant, record->updated));
        vacant->meta.leaving = record->meta.leaving;
        out.group.writes.push_back(write_of(current, vacant, cipher));
    }
    out.snapshots.push_back(std::move(snapshot));
    return {};
}

// The same record again, under its version, without those namespaces.
base::status planner::plan_departure(change& c, std::shared_ptr<crypto::value_cipher const> const& cipher, request_plan& out) const {
    auto const current = map_.find(c.name);
    out.answer.push_back({current ? current->version : 0, is_present(current)});
    if (!current || c.expected_version != current->version || current->state == secret_state::damaged) return {};
    VSECM_TRY(same, maker_.reveal(*current));
    auto const num_gone = std::erase_if(same.meta.leaving, [&](auto const& space) { return std::ranges::contains(c.meta.namespaces, space); });
    if (num_gone == 0) return {};
    auto const record = std::make_shared<plain_record>(std::move(same));
    auto snapshot = maker_.make(*record);
    snapshot->persisted = current->persisted;
    if (current->persisted || current->state == secret_state::deleted) out.group.writes.push_back(write_of(current, record, cipher));
    out.snapshots.push_back(std::move(snapshot));
    return {};
}

// Where a Secret made of it so far would stand, and should not any more.
base::result<std::vector<std::string>> planner::left_behind(plain_record const& next, secret_ptr const& current) const {
    std::vector<std::string> leaving;
    if (!current || options_.mirrored_prefix.empty() || !next.name.starts_with(options_.mirrored_prefix)) return leaving;
    for (auto const* spaces : {&current->meta->leaving, &current->meta->namespaces})
        for (auto const& space : *spaces)
            if (!std::ranges::contains(next.meta.namespaces, space) && !std::ranges::contains(leaving, space)) leaving.push_back(space);
    if (leaving.size() > max_leaving)
        return fail(errc::limited, "the Secrets of this name are still to be removed from {} namespaces, the limit is {}", leaving.size(), max_leaving);
    return leaving;
}

base::result<plain_record> planner::next_record(change& c, secret_ptr const& current) const {
    auto const now = clock_.now();
    auto const version = next_version(c.name, current);
    if (c.kind == change_kind::remove) {
        c.memory_only = false;  // that it was deleted stays true over a restart
        auto record = marker(c.name, version, secret_state::deleted, now);
        record.created = current->created;
        record.correlation_id = std::move(c.correlation_id);
        return record;
    }
    if (!carries_value(c.kind)) {
        VSECM_TRY(record, restored(c, current));
        record.correlation_id = std::move(c.correlation_id);
        record.version = version;
        record.updated = now;
        return record;
    }
    plain_record record;
    record.name = c.name;
    record.correlation_id = std::move(c.correlation_id);
    record.version = version;
    record.created = is_present(current) ? current->created : now;  // Q64: over restarts too, for memory was loaded
    record.updated = now;
    record.not_before = c.not_before;
    record.expires = c.expires;
    record.meta = std::move(c.meta);
    std::vector<base::secret_text> earlier;
    if (c.kind == change_kind::append && is_present(current)) {
        VSECM_TRY(opened, maker_.open_values(*current));
        earlier = std::move(opened);
    }
    record.values = appended(std::move(c.value), std::move(earlier));
    if (record.values.size() > options_.max_values)
        return fail(errc::too_large, "the secret would have {} values, the limit is {}", record.values.size(), options_.max_values);
    if (c.delivered) record.delivered = *std::move(c.delivered);
    else if (options_.deliver) record.delivered = options_.deliver(views_of(record.values), record.meta);
    return record;
}

// The earlier version as it was: values, dates, what a workload receives.
base::result<plain_record> planner::restored(change const& c, secret_ptr const& current) const {
    auto const name = base::printable(c.name);
    if (!current || current->state == secret_state::vacant) return fail(errc::not_found, "there is no secret named `{}`", name);
    bool const deleted = current->state == secret_state::deleted;
    if (c.kind == change_kind::undelete) {
        if (!deleted) return fail(errc::conflict, "`{}` is not deleted", name);
        return earlier_.read_newest(c.name);
    }
    if (deleted) return fail(errc::not_found, "`{}` is deleted: undelete it first", name);
    if (is_present(current) && c.restores == current->version) return fail(errc::invalid, "version {} of `{}` is the current one", c.restores, name);
    return earlier_.read(c.name, c.restores);
}

base::result<request_plan> planner::plan_settling(std::span<std::string const> names,
                                                  std::shared_ptr<crypto::value_cipher const> const& cipher) const {
    request_plan out;
    for (auto const& name : names) {
        auto const current = map_.find(name);
        auto const version = next_version(name, current);
        bool const keeps = current && current->state != secret_state::damaged && current->state != secret_state::vacant;
        auto content = marker(name, version, secret_state::vacant, clock_.now());
        if (keeps && (current->persisted || current->state == secret_state::deleted)) {
            VSECM_TRY(same, maker_.reveal(*current));
            content = std::move(same);
            content.version = version;
        }
        out.group.writes.push_back(write_of(current, std::make_shared<plain_record>(std::move(content)), cipher));

        std::shared_ptr<stored_secret> snapshot;
        if (keeps) {
            VSECM_TRY(same, maker_.reveal(*current));
            same.version = version;
            snapshot = maker_.make(same);
            snapshot->persisted = current->persisted;
        } else if (current && current->state == secret_state::damaged) {
            snapshot = maker_.make_damaged(name, version);
        } else {
            snapshot = maker_.make(marker(name, version, secret_state::vacant, clock_.now()));
        }
        out.snapshots.push_back(std::move(snapshot));
    }
    return out;
}

}  // namespace vsecm::store
