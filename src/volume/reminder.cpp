#include "volume/reminder.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/try.hpp"
#include "crypto/hkdf.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <span>
#include <utility>
#include <vector>

namespace vsecm::volume {
namespace {

constexpr std::size_t most_digits = 3;

std::string prefix_of(config::volume_settings const& settings) {
    // The last part of the path only: another container may have the volume mounted elsewhere.
    auto const kept = settings.layout == config::volume_layout::keys ? std::string{} : settings.path.substr(settings.path.rfind('/') + 1);
    auto const digest = crypto::sha256(base::as_bytes(kept));
    return "..untold-" + base::hex_encode(std::span(digest).first(8)) + "-";
}

}  // namespace

reminder::reminder(config::volume_settings const& settings, base::file_layer& files)
    : files_(&files), folder_(settings.layout == config::volume_layout::keys ? settings.path : base::folder_of(settings.path)), prefix_(prefix_of(settings)) {}

std::optional<unsigned> reminder::number_of(base::folder_entry const& entry) const {
    if (entry.kind != base::file_kind::regular || !entry.name.starts_with(prefix_) || entry.name.size() > prefix_.size() + most_digits) return std::nullopt;
    unsigned number = 0;
    auto const* const end = entry.name.data() + entry.name.size();
    auto const read = std::from_chars(entry.name.data() + prefix_.size(), end, number);
    if (read.ec != std::errc{} || read.ptr != end || path_of(number) != folder_ + "/" + entry.name) return std::nullopt;
    return number;
}

std::string reminder::path_of(unsigned number) const { return std::format("{}/{}{}", folder_, prefix_, number); }

std::optional<unsigned> reminder::find() {
    auto const entries = files_->list(folder_);
    if (!entries) return std::nullopt;
    std::vector<unsigned> found;
    for (auto const& entry : *entries)
        if (auto const number = number_of(entry); number && number != left_) found.push_back(*number);
    if (found.empty()) return std::nullopt;
    if (left_) {
        for (auto const number : found) remove(path_of(number));
        return std::nullopt;
    }
    // Of several, which takes a crash within these lines, the one with most tries left.
    auto const least = *std::ranges::min_element(found);
    if (auto counted = files_->rename(path_of(least), path_of(least + 1)); !counted) {
        base::log::warn("reminder_not_counted", {{"what", counted.error().what}});
        return std::nullopt;
    }
    for (auto const number : found)
        if (number > least + 1) remove(path_of(number));
    left_ = least + 1;
    return left_;
}

base::status reminder::leave() {
    before_ = left_;
    was_newer_ = std::exchange(is_newer_, true);
    if (left_ && left_ != 0U) {  // a new change has all its tries before it
        auto counted = files_->rename(path_of(*left_), path_of(0));
        if (!counted && counted.error().code != base::errc::not_found) return counted;
        left_ = 0;
    }
    // Although it should be there: somebody may have removed it.
    auto const left = files_->write_new_synced(path_of(0), {}, 0600);
    if (left) left_ = 0;
    else if (!files_->read(path_of(0), 0)) return left;
    return {};  // or of an earlier process, and to be found yet
}

void reminder::take_back() {
    is_newer_ = was_newer_;
    if (left_ == before_) return;
    if (!before_) return remove(path_of(*std::exchange(left_, std::nullopt)));
    if (files_->rename(path_of(*left_), path_of(*before_))) left_ = before_;
}

void reminder::done() {
    if (is_newer_ || !left_) return;
    remove(path_of(*std::exchange(left_, std::nullopt)));
}

void reminder::remove(std::string const& path) const {
    if (auto gone = files_->remove(path); !gone && gone.error().code != base::errc::not_found) base::log::warn("reminder_not_removed", {{"what", gone.error().what}});
}

}  // namespace vsecm::volume
