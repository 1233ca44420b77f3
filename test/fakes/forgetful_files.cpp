#include "fakes/forgetful_files.hpp"

#include <random>

namespace vsecm::fakes {

using base::errc;
using base::fail;

void forgetful_files::edit::apply_to(entries& to) const {
    if (!gone.empty()) to.erase(gone);
    if (!come.empty()) to[come] = file;
}

void forgetful_files::folder::change(edit e) {
    e.apply_to(now);
    unsynced.push_back(std::move(e));
}

void forgetful_files::plan_faults(fault_plan plan) {
    std::lock_guard held(mutex_);
    plan_ = std::move(plan);
}

std::size_t forgetful_files::num_calls() const {
    std::lock_guard held(mutex_);
    return calls_.size();
}

std::vector<std::string> forgetful_files::calls() const {
    std::lock_guard held(mutex_);
    return calls_;
}

void forgetful_files::close_gate() {
    std::lock_guard held(mutex_);
    gate_closed_ = true;
}

void forgetful_files::wait_at_gate() {
    std::unique_lock held(mutex_);
    gate_.wait(held, [this] { return num_at_gate_ > 0; });
}

void forgetful_files::open_gate() {
    std::lock_guard held(mutex_);
    gate_closed_ = false;
    gate_.notify_all();
}

std::unique_ptr<forgetful_files> forgetful_files::after_power_cut(survival kept, unsigned seed) const {
    auto after = std::make_unique<forgetful_files>();
    std::mt19937 coin(seed);
    std::lock_guard held(mutex_);
    for (auto const& [path, f] : folders_) {
        folder left;
        left.now = f.synced;
        for (auto const& e : f.unsynced)
            if (kept == survival::everything || (kept == survival::some && coin() % 2 == 0)) e.apply_to(left.now);
        left.synced = left.now;
        after->folders_[path] = std::move(left);
    }
    return after;
}

void forgetful_files::put(std::string const& path, std::string_view content) {
    std::lock_guard held(mutex_);
    auto const at = find(path);
    at.in->now[at.name] = at.in->synced[at.name] = std::make_shared<std::string const>(content);
}

std::optional<std::string> forgetful_files::content(std::string const& path) const {
    std::lock_guard held(mutex_);
    auto const at = const_cast<forgetful_files*>(this)->find(path);
    auto const found = at.in->now.find(at.name);
    return found == at.in->now.end() ? std::nullopt : std::optional(*found->second);
}

std::vector<std::string> forgetful_files::names_in(std::string const& path) const {
    std::lock_guard held(mutex_);
    std::vector<std::string> names;
    if (auto const f = folders_.find(path); f != folders_.end())
        for (auto const& [name, file] : f->second.now) names.push_back(name);
    return names;
}

base::status forgetful_files::write_new_synced(std::string const& path, base::byte_view bytes, ::mode_t) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "write " + path);
    if (trouble == fault::refused) return broken(path);
    auto const at = find(path);
    if (at.in->now.contains(at.name)) return fail(errc::storage, "{} exists", path);
    auto const text = base::as_text(bytes);
    auto const kept = trouble == fault::done_badly ? text.substr(0, text.size() / 2) : text;
    at.in->change({{}, at.name, std::make_shared<std::string const>(kept)});
    if (trouble == fault::done_badly) return broken(path);
    return {};
}

// The content of a file is the file's own: every entry that leads to it, synced or not, sees what becomes of it.
void forgetful_files::replace_content(inode const& before, inode const& after) {
    for (auto& [path, f] : folders_) {
        for (auto* all : {&f.now, &f.synced})
            for (auto& [name, file] : *all)
                if (file == before) file = after;
        for (auto& e : f.unsynced)
            if (e.file == before) e.file = after;
    }
}

base::status forgetful_files::append_synced(std::string const& path, base::byte_view bytes) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "append " + path);
    if (trouble == fault::refused) return broken(path);
    auto const at = find(path);
    auto const found = at.in->now.find(at.name);
    if (found == at.in->now.end()) return fail(errc::not_found, "{} is not there", path);
    auto const text = base::as_text(bytes);
    auto const added = text.substr(0, trouble == fault::done_badly ? text.size() / 2 : text.size());
    auto const before = found->second;
    replace_content(before, std::make_shared<std::string const>(*before + std::string(added)));
    if (trouble == fault::done_badly) return broken(path);
    return {};
}

base::status forgetful_files::shorten_synced(std::string const& path, std::size_t len) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "shorten " + path);
    if (trouble == fault::refused) return broken(path);
    auto const at = find(path);
    auto const found = at.in->now.find(at.name);
    if (found == at.in->now.end()) return fail(errc::not_found, "{} is not there", path);
    auto const before = found->second;
    replace_content(before, std::make_shared<std::string const>(before->substr(0, len)));
    if (trouble == fault::done_badly) return broken(path);
    return {};
}

base::status forgetful_files::rename(std::string const& from, std::string const& to) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "rename " + from + " " + to);
    if (trouble == fault::refused) return broken(to);
    auto const source = find(from);
    auto const target = find(to);
    auto const found = source.in->now.find(source.name);
    if (found == source.in->now.end()) return fail(errc::not_found, "{} is not there", from);
    auto file = found->second;
    if (source.in == target.in) {
        source.in->change({source.name, target.name, std::move(file)});
    } else {
        target.in->change({{}, target.name, std::move(file)});
        source.in->change({source.name, {}, nullptr});
    }
    if (trouble == fault::done_badly) return broken(to);
    return {};
}

base::status forgetful_files::link(std::string const& from, std::string const& to) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "link " + from + " " + to);
    if (trouble == fault::refused) return broken(to);
    auto const source = find(from);
    auto const target = find(to);
    auto const found = source.in->now.find(source.name);
    if (found == source.in->now.end()) return fail(errc::not_found, "{} is not there", from);
    if (target.in->now.contains(target.name)) return fail(errc::conflict, "{} exists", to);
    target.in->change({{}, target.name, found->second});
    if (trouble == fault::done_badly) return broken(to);
    return {};
}

base::status forgetful_files::remove(std::string const& path) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "remove " + path);
    if (trouble == fault::refused) return broken(path);
    auto const at = find(path);
    if (!at.in->now.contains(at.name)) return fail(errc::not_found, "{} is not there", path);
    at.in->change({at.name, {}, nullptr});
    if (trouble == fault::done_badly) return broken(path);
    return {};
}

base::status forgetful_files::sync_folder(std::string const& path) {
    std::unique_lock held(mutex_);
    auto const trouble = begin(held, "sync " + path);
    if (trouble == fault::refused) return broken(path);
    auto const f = folders_.find(path);
    if (f == folders_.end()) return fail(errc::not_found, "{} is not there", path);
    f->second.synced = f->second.now;
    f->second.unsynced.clear();
    if (trouble == fault::done_badly) return broken(path);
    return {};
}

base::status forgetful_files::make_folder(std::string const& path, ::mode_t) {
    std::unique_lock held(mutex_);
    if (begin(held, "make " + path) != fault::none) return broken(path);
    folders_.try_emplace(path);
    return {};
}

base::result<std::vector<base::folder_entry>> forgetful_files::list(std::string const& path) {
    std::lock_guard held(mutex_);
    auto const f = folders_.find(path);
    if (f == folders_.end()) return fail(errc::not_found, "{} is not there", path);
    std::vector<base::folder_entry> out;
    for (auto const& [name, file] : f->second.now) out.push_back({name, base::file_kind::regular});
    auto const below = path == "/" ? path : path + "/";
    for (auto const& [other, content] : folders_)
        if (other.starts_with(below) && other.size() > below.size() && other.find('/', below.size()) == std::string::npos)
            out.push_back({other.substr(below.size()), base::file_kind::folder});
    return out;
}

base::result<base::secret_text> forgetful_files::read(std::string const& path, std::size_t max_len) {
    std::lock_guard held(mutex_);
    auto const at = find(path);
    auto const found = at.in->now.find(at.name);
    if (found == at.in->now.end()) return fail(errc::not_found, "{} is not there", path);
    if (found->second->size() > max_len) return fail(errc::too_large, "{} is too large", path);
    return base::secret_text(*found->second);
}

forgetful_files::fault forgetful_files::begin(std::unique_lock<std::mutex>& held, std::string call) {
    if (gate_closed_) {
        ++num_at_gate_;
        gate_.notify_all();
        gate_.wait(held, [this] { return !gate_closed_; });
        --num_at_gate_;
    }
    auto const trouble = plan_ ? plan_(calls_.size()) : fault::none;
    calls_.push_back(std::move(call));
    return trouble;
}

forgetful_files::place forgetful_files::find(std::string const& path) {
    auto const slash = path.rfind('/');
    auto const parent = slash == 0 ? "/" : path.substr(0, slash);
    return {&folders_[parent], path.substr(slash + 1)};
}

std::unexpected<base::error> forgetful_files::broken(std::string const& what) {
    return fail(errc::storage, "{}: the disk is broken, as the test wants it", what);
}

}  // namespace vsecm::fakes
