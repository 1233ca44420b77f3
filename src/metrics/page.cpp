#include "metrics/page.hpp"

#include <algorithm>
#include <charconv>

namespace vsecm::metrics {
namespace {

constexpr std::string_view counter_ending = "_total";

void write_escaped(std::string& out, std::string_view value) {
    for (char const c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
}

}  // namespace

std::string_view content_type_of(format f) noexcept {
    return f == format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
}

page& page::begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    auto const line = [this](std::string_view what, std::string_view of, std::string_view rest) {
        out_.append("# ").append(what).append(" ").append(of).append(" ").append(rest).append("\n");
    };
    // In OpenMetrics a counter's family is called as its samples are, without their ending.
    if (format_ == format::openmetrics && name.ends_with(counter_ending)) name.remove_suffix(counter_ending.size());
    line("HELP", name, help);
    line("TYPE", name, type);
    if (format_ == format::openmetrics)
        for (std::string_view const unit : {"seconds", "bytes"})
            if (name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_') line("UNIT", name, unit);
    return *this;
}

void page::begin_sample(std::string_view ending, labels with, std::string_view le) {
    out_.append(name_).append(ending);
    char before = '{';
    auto const one = [&](std::string_view name, std::string_view value) {
        out_ += before;
        out_.append(name).append("=\"");
        write_escaped(out_, value);
        out_ += '"';
        before = ',';
    };
    for (auto const& l : with) one(l.name, l.value);
    if (!le.empty()) one("le", le);
    if (before == ',') out_ += '}';
    out_ += ' ';
}

void page::write_number(std::uint64_t value) {
    char digits[20];
    auto const [end, failed] = std::to_chars(digits, digits + sizeof digits, value);
    static_cast<void>(failed);  // they hold any
    out_.append(digits, end);
}

// In decimal and exact, without the tables that printing a double takes.
void page::write_seconds(std::chrono::nanoseconds value) {
    auto const all = static_cast<std::uint64_t>(std::max(value.count(), std::chrono::nanoseconds::rep{0}));
    constexpr std::uint64_t second = 1'000'000'000;
    write_number(all / second);
    if (all % second == 0) return;
    char fraction[10];
    std::to_chars(fraction, fraction + sizeof fraction, second + all % second);  // "1" and nine digits
    fraction[0] = '.';
    auto last = sizeof fraction;
    while (fraction[last - 1] == '0') --last;
    out_.append(fraction, last);
}

page& page::add(std::uint64_t value, labels with) {
    begin_sample({}, with);
    write_number(value);
    out_ += '\n';
    return *this;
}

page& page::add(std::chrono::nanoseconds seconds, labels with) {
    begin_sample({}, with);
    write_seconds(seconds);
    out_ += '\n';
    return *this;
}

page& page::add(base::system_time when, labels with) { return add(when.time_since_epoch(), with); }

page& page::add(histogram_counts const& counts, labels with) {
    std::uint64_t so_far = 0;
    auto const bucket = [&](std::string_view le, std::uint64_t more) {
        so_far += more;
        begin_sample("_bucket", with, le);
        write_number(so_far);
        out_ += '\n';
    };
    for (std::size_t i = 0; i < latency_bounds.size(); ++i) bucket(latency_bounds[i].seconds, counts.in_bucket[i]);
    bucket("+Inf", counts.in_bucket.back());
    begin_sample("_sum", with);
    write_seconds(counts.sum);
    out_ += '\n';
    begin_sample("_count", with);
    write_number(so_far);
    out_ += '\n';
    return *this;
}

std::string page::finish() && {
    if (format_ == format::openmetrics) out_ += "# EOF\n";
    return std::move(out_);
}

}  // namespace vsecm::metrics
