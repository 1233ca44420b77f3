#include "net/http_answer.hpp"

#include <charconv>
#include <chrono>
#include <format>

namespace vsecm::net {
namespace {

constexpr std::size_t fixed_part_len = 192;  // everything but what is added up below

void append_number(base::secret_text& out, std::size_t value) {
    char digits[20];
    auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(std::string_view(digits, end));
}

void append_header(base::secret_text& out, std::string_view name, std::string_view value) {
    out.append("\r\n");
    out.append(name);
    out.append(": ");
    out.append(value.substr(0, value.find_first_of("\r\n")));
}

}  // namespace

base::secret_text write_answer(http_response const& response, answer_frame const& frame) {
    base::secret_text out;
    std::size_t len = fixed_part_len + frame.server_header.size() + response.content_type.size();
    for (auto const& [name, value] : response.headers) len += name.size() + value.size() + 4;
    out.reserve(len + (frame.with_body ? response.body.size() : 0));
    out.append("HTTP/1.1 ");
    append_number(out, response.status);
    out.append(" ");
    out.append(reason_of(response.status));
    append_header(out, "Date", frame.date);
    if (!frame.server_header.empty()) append_header(out, "Vsecm-Server", frame.server_header);
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    for (auto const& [name, value] : response.headers) append_header(out, name, value);
    if (response.status != 304 && response.status != 204) {
        out.append("\r\nContent-Length: ");
        append_number(out, response.body.size());
    }
    if (!frame.connection.empty()) append_header(out, "Connection", frame.connection);
    out.append("\r\n\r\n");
    if (frame.with_body) out.append(response.body.view());
    return out;
}

// Not std::format's `{:%a, %d %b %Y %T}`: that alone would be 75 kB of the binary.
std::string http_date::print(std::time_t when) {
    constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::chrono::sys_seconds const second{std::chrono::seconds(when)};
    auto const day = std::chrono::floor<std::chrono::days>(second);
    std::chrono::year_month_day const date{day};
    std::chrono::hh_mm_ss const time{second - day};
    return std::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekdays[std::chrono::weekday(day).c_encoding()], unsigned{date.day()},
                       months[unsigned{date.month()} - 1], int{date.year()}, time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string_view http_date::now() {
    if (std::time_t const now = std::time(nullptr); now != second_) {
        second_ = now;
        text_ = print(now);
    }
    return text_;
}

}  // namespace vsecm::net
