#include "store/watch_hub.hpp"

#include "store/watch_table.hpp"

#include <utility>

namespace vsecm::store {

void watch_table::ring(std::string const& name) {
    // A bell may make its listener unregister, or register others: so by id, looked up again each time, and not beyond those
    // that are there now. Ten thousand may wait for one name.
    auto const end = next_id;
    for (std::uint64_t last = 0;;) {
        auto const of_name = watchers.find(name);
        if (of_name == watchers.end()) break;
        auto const next = of_name->second.upper_bound(last);
        if (next == of_name->second.end() || next->first >= end) break;
        last = next->first;
        next->second->notify();
    }
    if (on_every_change) on_every_change(name);
}

void watch_table::remove(std::string const& name, std::uint64_t id) noexcept {
    auto const of_name = watchers.find(name);
    if (of_name == watchers.end()) return;  // the hub is gone
    of_name->second.erase(id);
    if (of_name->second.empty()) watchers.erase(of_name);
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
    table_->watchers[r.name_].emplace(r.id_, &bell);
    return r;
}

void watch_hub::on_every_change(std::function<void(std::string const&)> told) { table_->on_every_change = std::move(told); }

std::size_t watch_hub::num_watching() const noexcept {
    std::size_t num = 0;
    for (auto const& [name, bells] : table_->watchers) num += bells.size();
    return num;
}

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
    table_->remove(name_, id_);
    table_.reset();
}

}  // namespace vsecm::store
