#include "volume/reminder.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <format>
#include <span>
#include <utility>

namespace vsecm::volume {
namespace {

constexpr std::size_t num_random = 8, most_digits = 9;

std::string prefix_of(config::volume_settings const& settings, std::string_view whom) {
    // The last part of the path only: another container may have the volume mounted elsewhere.
    auto const kept = settings.layout == config::volume_layout::keys ? std::string{} : settings.path.substr(settings.path.rfind('/') + 1);
    auto const digest = crypto::sha256(base::as_bytes(std::format("{}\n{}", kept, whom)));
    return "..untold-" + base::hex_encode(std::span(digest).first(8)) + "-";
}

unsigned number_in(std::string_view text) {
    unsigned number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

reminder::reminder(config::volume_settings const& settings, std::string_view whom, base::file_layer& files)
    : files_(&files), folder_(settings.layout == config::volume_layout::keys ? settings.path : base::folder_of(settings.path)), prefix_(prefix_of(settings, whom)) {}

// Not more is asked of it: whoever can write to the volume can have the workload told once too often, by this or by the files.
bool reminder::is_ours(base::folder_entry const& entry) const {
    return entry.kind == base::file_kind::regular && entry.name.starts_with(prefix_) && entry.name.size() == prefix_.size() + 2 * num_random &&
           !std::ranges::contains(due_, entry.name);
}

std::optional<unsigned> reminder::find() {
    auto const entries = files_->list(folder_);
    if (!entries) return std::nullopt;
    std::vector<std::string> found;
    unsigned num_finders = 0;
    for (auto const& entry : *entries) {
        if (!is_ours(entry)) continue;
        found.push_back(entry.name);
        if (auto const text = files_->read(folder_ + "/" + entry.name, most_digits)) num_finders = std::max(num_finders, number_in(text->view()));
    }
    if (found.empty()) return std::nullopt;
    auto const left_meanwhile = std::exchange(due_, std::move(found));
    ++num_finders;
    if (auto left = leave(num_finders); !left) base::log::warn("reminder_not_left", {{"what", left.error().what}});  // those found stay
    due_.insert(due_.end(), left_meanwhile.begin(), left_meanwhile.end());
    newest_stands_alone_ = false;
    return num_finders;
}

base::status reminder::leave() {
    newest_stands_alone_ = false;
    bool const is_first = due_.empty();
    VSECM_TRY_OK(leave(0));
    newest_stands_alone_ = is_first;
    return {};
}

// First the new one, then away with those that it stands for.
base::status reminder::leave(unsigned num_finders) {
    std::array<std::uint8_t, num_random> number;
    crypto::random_fill(number);
    auto name = prefix_ + base::hex_encode(number);
    auto const text = std::format("{}", num_finders);
    VSECM_TRY_OK(files_->write_new_synced(folder_ + "/" + name, base::as_bytes(text), 0600));
    remove(due_);
    due_.push_back(std::move(name));
    return {};
}

void reminder::take_back() {
    if (std::exchange(newest_stands_alone_, false)) remove(due_);
}

void reminder::begin() { being_told_ = std::exchange(due_, {}); }
void reminder::done() { remove(being_told_); }

void reminder::not_done() {
    due_.insert(due_.end(), being_told_.begin(), being_told_.end());
    being_told_.clear();
}

void reminder::remove(std::vector<std::string>& names) {
    for (auto const& name : std::exchange(names, {}))
        if (auto gone = files_->remove(folder_ + "/" + name); !gone && gone.error().code != base::errc::not_found)
            base::log::warn("reminder_not_removed", {{"what", gone.error().what}});
}

}  // namespace vsecm::volume
