#include "roles/safe/rendering.hpp"

#include "base/try.hpp"
#include "net/own_thread.hpp"

#include <algorithm>

namespace vsecm::roles::safe {
namespace {

// Words of the original's records that are no format deliver as json does, and so does none at all.
api::format format_of(store::secret_meta const& meta) { return api::parse_format(meta.format).value_or(api::format::json); }

delivery::recipe recipe_of(vault const& safe, store::change const& one) {
    return delivery::recipe_for(api::classify(one.name, safe.prefixes()).kind, one.meta.template_text, format_of(one.meta));
}

// The values there will be.
base::result<std::vector<base::secret_text>> values_after(vault& safe, store::change& one) {
    std::vector<base::secret_text> earlier;
    if (one.kind == store::change_kind::append) {
        auto const current = safe.secrets().find(one.name);
        bool const present = current && current->state == store::secret_state::present;
        if (!one.expected_version) one.expected_version = present ? current->version : 0;
        if (present) {
            VSECM_TRY(opened, safe.secrets().values(*current));
            earlier = std::move(opened);
        }
    }
    return store::appended(one.value.clone(), std::move(earlier));
}

// Of all the renderings of a request: each name gets a copy of its own.
class delivered_len {
public:
    base::status add(base::secret_text const& text, std::size_t num_workloads) {
        len_ += text.size();
        if (len_ <= store::max_waiting_len) return {};
        return base::fail(base::errc::too_large, "what the template makes is too large for {} workloads at once: name fewer at a time", num_workloads);
    }

private:
    std::size_t len_ = 0;
};

// A slot, held until the end of the scope.
struct held_slot {
    rendering_slots& all;
    explicit held_slot(rendering_slots& slots) noexcept : all(slots) {}
    held_slot(held_slot const&) = delete;
    held_slot& operator=(held_slot const&) = delete;
    ~held_slot() { all.give_back(); }
};

// A rendering takes a millisecond unless somebody means harm, so waiting is rare and asking again is cheap.
net::awaitable<base::status> take_slot(rendering_slots& slots, net::steady_clock::time_point deadline) {
    while (!slots.try_take()) {
        if (net::steady_clock::now() >= deadline) co_return base::fail(base::errc::limited, "too many templates are being rendered: try again");
        VSECM_CO_TRY_OK(co_await net::sleep_for(std::chrono::milliseconds{5}));
    }
    co_return base::status{};
}

}  // namespace

net::awaitable<base::result<std::vector<std::string>>> render(vault& safe, std::vector<store::change>& changes,
                                                              net::steady_clock::time_point deadline) {
    std::vector<std::string> notes;
    std::vector<std::pair<api::format, store::change const*>> puts;  // rendered ones: all have the same value and template
    auto const loop = co_await net::asio::this_coro::executor;
    delivered_len so_far;
    for (auto& one : changes) {
        auto const how = recipe_of(safe, one);
        if (delivery::is_plain(how)) continue;
        auto const same = std::ranges::find(puts, how.format, [](auto const& put) { return put.first; });
        if (one.kind == store::change_kind::put && same != puts.end()) {
            VSECM_CO_TRY_OK(so_far.add(*same->second->delivered, changes.size()));
            one.delivered = same->second->delivered->clone();
            continue;
        }
        if (net::steady_clock::now() >= deadline)
            co_return base::fail(base::errc::limited, "the template takes too long for {} workloads: name fewer at a time", changes.size());
        VSECM_CO_TRY(values, values_after(safe, one));
        std::vector<std::string_view> views;
        for (auto const& value : values) views.push_back(value.view());
        auto work = [&] { return delivery::transform(views, how, safe.settings().templates); };
        VSECM_CO_TRY_OK(co_await take_slot(safe.renderings(), deadline));
        held_slot const slot(safe.renderings());
        auto made = co_await net::on_own_thread(loop, std::move(work));
        VSECM_CO_TRY_OK(so_far.add(made.text, changes.size()));
        one.delivered = std::move(made.text);
        for (auto& sentence : made.notes)
            if (!std::ranges::contains(notes, sentence)) notes.push_back(std::move(sentence));
        if (one.kind == store::change_kind::put) puts.emplace_back(how.format, &one);
    }
    co_return notes;
}

base::secret_text deliver_on_writer(std::span<std::string_view const> values, store::secret_meta const& meta) {
    return delivery::deliver_plain(values, format_of(meta));
}

}  // namespace vsecm::roles::safe
