#include "store/watch_hub.hpp"

#include "store/watch_table.hpp"

#include <utility>

namespace vsecm::store {

void watch_table::ring(std::string const& name) {
    // A bell may make its listener unregister, or register others: so by id, looked up again each time.
    std::vector<std::uint64_t> ids;
    auto const [first, last] = watchers.equal_range(name);
    for (auto at = first; at != last; ++at) ids.push_back(at->second.id);
    for (auto const id : ids) {
        auto const [from, to] = watchers.equal_range(name);
        for (auto at = from; at != to; ++at) {
            if (at->second.id != id) continue;
            at->second.bell->notify();
            break;
        }
    }
    if (on_every_change) on_every_change(name);
}

void watch_board::join(std::shared_ptr<watch_table> table) {
    std::lock_guard held(mutex_);
    tables_.push_back(std::move(table));
}

void watch_board::leave(std::shared_ptr<watch_table> const& table) {
    std::lock_guard held(mutex_);
    std::erase(tables_, table);
}

void watch_board::announce(std::vector<std::string> names) {
    if (names.empty()) return;
    auto const shared = std::make_shared<std::vector<std::string> const>(std::move(names));
    std::lock_guard held(mutex_);  // a loop that has left is not posted to any more
    for (auto const& table : tables_) {
        net::asio::post(table->loop, [table, shared] {
            if (table->closed) return;
            for (auto const& name : *shared) table->ring(name);
        });
    }
}

watch_hub::watch_hub(secret_store& store, net::executor loop)
    : store_(store), table_(std::make_shared<watch_table>(std::move(loop))) {
    store_.board().join(table_);
}

watch_hub::~watch_hub() {
    store_.board().leave(table_);
    table_->closed = true;
    table_->watchers.clear();
    table_->on_every_change = nullptr;
}

watch_hub::registration watch_hub::watch(std::string_view name, net::wake_signal& bell) {
    registration r;
    r.table_ = table_;
    r.id_ = table_->next_id++;
    r.name_ = name;
    table_->watchers.emplace(r.name_, watch_table::watcher{r.id_, &bell});
    return r;
}

void watch_hub::on_every_change(std::function<void(std::string const&)> told) { table_->on_every_change = std::move(told); }

std::size_t watch_hub::num_watching() const noexcept { return table_->watchers.size(); }

watch_hub::registration::registration(registration&& other) noexcept
    : table_(std::move(other.table_)), id_(other.id_), name_(std::move(other.name_)) {}

watch_hub::registration& watch_hub::registration::operator=(registration&& other) noexcept {
    if (this != &other) {
        reset();
        table_ = std::move(other.table_);
        id_ = other.id_;
        name_ = std::move(other.name_);
    }
    return *this;
}

void watch_hub::registration::reset() noexcept {
    if (!table_) return;
    auto const [first, last] = table_->watchers.equal_range(name_);
    for (auto at = first; at != last; ++at) {
        if (at->second.id != id_) continue;
        table_->watchers.erase(at);
        break;
    }
    table_.reset();
}

}  // namespace vsecm::store
