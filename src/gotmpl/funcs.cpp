#include "gotmpl/funcs.hpp"

#include "base/try.hpp"
#include "gotmpl/compare.hpp"
#include "gotmpl/escape.hpp"
#include "gotmpl/printf.hpp"

#include <algorithm>

namespace vsecm::gotmpl {

using base::errc;
using base::fail;
using base::result;

namespace {

value boxed_nil() {
    value nil;
    nil.boxed = true;
    return nil;
}

// A place in something of that length. The end itself is one, as Go's check has it.
result<std::size_t> position(value const& index, std::size_t length) {
    if (index.is_nil()) return fail(errc::invalid, "cannot index slice/array with nil");
    if (auto const* byte = index.get_if<std::uint8_t>()) {
        if (*byte > length) return fail(errc::invalid, "index out of range");
        return *byte;
    }
    auto const* const number = index.get_if<std::int64_t>();
    if (number == nullptr) return fail(errc::invalid, "cannot index slice/array with type {}", type_name(index));
    if (*number < 0 || static_cast<std::uint64_t>(*number) > length) return fail(errc::invalid, "index out of range: {}", *number);
    return static_cast<std::size_t>(*number);
}

result<value> index_one(value const& item, value const& index) {
    if (auto const* text = item.get_if<std::string_view>()) {
        VSECM_TRY(at, position(index, text->size()));
        if (at == text->size()) return fail(errc::invalid, "reflect: string index out of range");
        return static_cast<std::uint8_t>((*text)[at]);
    }
    if (auto const* l = item.get_if<list>()) {
        VSECM_TRY(at, position(index, l->len));
        if (at == l->len) return fail(errc::invalid, "reflect: slice index out of range");
        return l->first[at];
    }
    if (auto const* m = item.get_if<map>()) {
        if (index.is_nil()) return fail(errc::invalid, "value is nil; should be of type string");
        auto const* const name = index.get_if<std::string_view>();
        if (name == nullptr) return fail(errc::invalid, "value has type {}; should be string", type_name(index));
        auto const* const found = m->find(*name);
        return found != nullptr ? *found : boxed_nil();
    }
    return fail(errc::invalid, "can't index item of type {}", type_name(item));
}

result<value> run_index(workspace& work, arguments args) {
    auto item = args.front().unboxed();
    if (item.is_nil()) return fail(errc::invalid, "index of untyped nil");
    for (auto const& index : args.subspan(1)) {
        if (item.is_nil()) return fail(errc::invalid, "index of nil pointer");
        if (auto const* name = index.get_if<std::string_view>()) VSECM_TRY_OK(work.pay(name->size() / 64));
        VSECM_TRY(inner, index_one(item, index));
        item = inner;
    }
    return item;
}

result<value> run_slice(workspace&, arguments args) {
    auto const& item = args.front();
    auto const indexes = args.subspan(1);
    if (item.is_nil()) return fail(errc::invalid, "slice of untyped nil");
    if (indexes.size() > 3) return fail(errc::invalid, "too many slice indexes: {}", indexes.size());
    auto const* const text = item.get_if<std::string_view>();
    auto const* const l = item.get_if<list>();
    if (text == nullptr && l == nullptr) return fail(errc::invalid, "can't slice item of type {}", type_name(item));
    if (text != nullptr && indexes.size() == 3) return fail(errc::invalid, "cannot 3-index slice a string");

    std::size_t const capacity = text != nullptr ? text->size() : l->capacity;
    std::size_t bounds[] = {0, text != nullptr ? text->size() : l->len, capacity};
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        // Unlike `index`, Go's `slice` does not open the box of a position. JSON has no int anyway: only the message differs.
        if (indexes[i].boxed) return fail(errc::invalid, "cannot index slice/array with type interface {{}}");
        VSECM_TRY(at, position(indexes[i], capacity));
        bounds[i] = at;
    }
    auto const [from, to, end] = bounds;
    if (from > to) return fail(errc::invalid, "invalid slice index: {} > {}", from, to);
    if (to > end) return fail(errc::invalid, "invalid slice index: {} > {}", to, end);
    if (text != nullptr) return text->substr(from, to - from);
    return list{l->first + from, to - from, end - from};
}

result<value> run_len(workspace&, arguments args) {
    auto const& item = args.front();
    if (auto const* text = item.get_if<std::string_view>()) return static_cast<std::int64_t>(text->size());
    if (auto const* l = item.get_if<list>()) return static_cast<std::int64_t>(l->len);
    if (auto const* m = item.get_if<map>()) return static_cast<std::int64_t>(m->len);
    if (!item.is_nil()) return fail(errc::invalid, "len of type {}", type_name(item));
    return fail(errc::invalid, "{}", item.boxed ? "len of nil pointer" : "reflect: call of reflect.Value.Type on zero Value");
}

result<value> run_not(workspace&, arguments args) { return !is_true(args.front()); }

template <void (*Print)(text_sink&, arguments)>
result<value> run_print(workspace& work, arguments args) {
    auto text = work.new_text();
    Print(text, args);
    return work.keep(std::move(text));
}

result<value> run_printf(workspace& work, arguments args) {
    auto const format = *args.front().get_if<std::string_view>();
    VSECM_TRY_OK(work.pay(format.size() / 16));
    auto text = work.new_text();
    print_formatted(text, format, args.subspan(1));
    return work.keep(std::move(text));
}

// A text alone is taken as it is; anything else is printed first, nil as "<no value>".
template <void (*Escape)(text_sink&, std::string_view)>
result<value> run_escape(workspace& work, arguments args) {
    auto plain = work.new_text();
    value_list shown(args.begin(), args.end());
    for (auto& v : shown)
        if (v.is_nil()) v = std::string_view{"<no value>"};
    print(plain, shown);
    auto text = work.new_text();
    Escape(text, plain.view());
    if (plain.overflowed()) text.write(plain);
    return work.keep(std::move(text));
}

// Comparing long texts takes as long as they are.
template <result<bool> (*Compare)(arguments)>
result<value> run_compare(workspace& work, arguments args) {
    std::uint64_t bytes = 0;
    for (auto const& v : args)
        if (auto const* text = v.get_if<std::string_view>()) bytes += text->size();
    VSECM_TRY_OK(work.pay(bytes / 1024));
    VSECM_TRY(outcome, Compare(args));
    return outcome;
}

constexpr auto plain = parameter::plain;
constexpr auto as_is = parameter::as_is;

constexpr function table[] = {
    {"and", 1, true, as_is, as_is, nullptr},
    {"call", 1, true, as_is, as_is, nullptr},
    {"eq", 1, true, as_is, as_is, run_compare<equal_to_any>},
    {"ge", 2, false, as_is, as_is, run_compare<not_less>},
    {"gt", 2, false, as_is, as_is, run_compare<greater>},
    {"html", 0, true, plain, plain, run_escape<write_html>},
    {"index", 1, true, as_is, as_is, run_index},
    {"js", 0, true, plain, plain, run_escape<write_js>},
    {"le", 2, false, as_is, as_is, run_compare<not_greater>},
    {"len", 1, false, as_is, as_is, run_len},
    {"lt", 2, false, as_is, as_is, run_compare<less>},
    {"ne", 2, false, as_is, as_is, run_compare<not_equal>},
    {"not", 1, false, as_is, as_is, run_not},
    {"or", 1, true, as_is, as_is, nullptr},
    {"print", 0, true, plain, plain, run_print<print>},
    {"printf", 1, true, parameter::text, plain, run_printf},
    {"println", 0, true, plain, plain, run_print<print_line>},
    {"slice", 1, true, as_is, as_is, run_slice},
    {"urlquery", 0, true, plain, plain, run_escape<write_url_query>},
};

}  // namespace

function const* find_function(std::string_view name) noexcept {
    auto const* const found = std::ranges::find(table, name, &function::name);
    return found != std::end(table) ? found : nullptr;
}

}  // namespace vsecm::gotmpl
