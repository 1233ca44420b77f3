#include "gotmpl/evaluator.hpp"

#include "base/try.hpp"
#include "gotmpl/quote.hpp"

#include <optional>

namespace vsecm::gotmpl {

using base::errc;
using base::result;

namespace {

std::string cannot_take(operand const& word) { return "can't give argument to non-function " + text_of(word); }

}  // namespace

std::unexpected<base::error> evaluator::refuse(std::string_view what, errc code) const {
    auto const where = place_in(set_, at_.pos);
    auto const name = shortened(quoted(name_));
    auto const node = shortened(at_.text(at_.node));
    return base::fail(code, "template: {}: executing {} at <{}>: {}", where, name, node, shortened(what));
}

base::status evaluator::pay(std::uint64_t steps) {
    if (auto const paid = work_.pay(steps); !paid) return refuse(paid.error().what, paid.error().code);
    return {};
}

base::status evaluator::begin(statement const& s) {
    at_ = place_of(s);
    return pay();
}

base::status evaluator::begin_round(pipeline const& p, value const& key, value const& element) {
    VSECM_TRY_OK(pay());
    auto const num = p.variables.size();
    if (!p.assigns) {
        if (num > 0) variables_[variables_.size() - 1].second = element;
        if (num > 1) variables_[variables_.size() - 2].second = key;
        return {};
    }
    VSECM_TRY_OK(assign(p.variables[0], num > 1 ? key : element));
    if (num > 1) VSECM_TRY_OK(assign(p.variables[1], element));
    return {};
}

result<evaluator::level> evaluator::enter() {
    if (depth_ == limits_.max_depth) return refuse(std::format("exceeded maximum template depth ({})", depth_), errc::too_large);
    return level(&++depth_);
}

// The innermost of that name. One that the parser saw declared may not be here: `and false ($x := 1)` declares nothing.
result<value*> evaluator::variable(std::string_view name) {
    for (auto i = variables_.size(); i-- > 0;) {
        if (variables_[i].first != name) continue;
        VSECM_TRY_OK(pay((variables_.size() - i) * (16 + name.size()) / 256));  // searching hundreds is no single step
        return &variables_[i].second;
    }
    return refuse(std::format("undefined variable: {}", name));
}

base::status evaluator::assign(std::string_view name, value const& v) {
    VSECM_TRY(found, variable(name));
    *found = v;
    return {};
}

result<value> evaluator::pipeline_value(value const& dot, pipeline const& p) {
    VSECM_TRY(deeper, enter());
    at_ = place_of(p);
    std::optional<value> last;
    for (auto const& c : p.commands) {
        VSECM_TRY(v, command_value(dot, c, last ? &*last : nullptr));
        last = v.unboxed();
    }
    for (auto const name : p.variables) {
        if (!p.assigns) variables_.emplace_back(name, *last);
        else VSECM_TRY_OK(assign(name, *last));
    }
    return *last;
}

result<value> evaluator::command_value(value const& dot, command const& c, value const* last) {
    VSECM_TRY_OK(pay());
    auto const& word = c.words.front();
    bool const has_arguments = c.words.size() > 1 || last != nullptr;
    if (word.kind == operand_kind::function) {
        at(word);
        return call(dot, word, place_of(c), operands(c.words).subspan(1), last);
    }
    if (word.kind == operand_kind::group) {
        if (has_arguments) return refuse(cannot_take(word));
        return pipeline_value(dot, *word.group);
    }
    if (word.kind == operand_kind::field || word.kind == operand_kind::variable || word.kind == operand_kind::chain)
        return looked_up(dot, word, has_arguments);
    at(word);
    if (has_arguments) return refuse(cannot_take(word));
    if (word.kind == operand_kind::nil) return refuse("nil is not a command");
    if (word.kind == operand_kind::dot) return dot;
    return constant(word);
}

// A field, a variable or a chain, down its fields.
result<value> evaluator::looked_up(value const& dot, operand const& word, bool has_arguments) {
    at(word);
    for (auto const name : word.fields) VSECM_TRY_OK(pay(1 + name.size() / 64));
    value found = dot;
    if (word.kind == operand_kind::variable) {
        VSECM_TRY(held, variable(word.word));
        found = *held;
        if (word.fields.empty() && has_arguments) return refuse(cannot_take(word));
    } else if (word.kind == operand_kind::chain) {
        VSECM_TRY(base, argument(dot, parameter::as_is, *word.base));
        found = base;
    }
    for (auto const& name : word.fields) {
        VSECM_TRY(inner, field_of(found, name, has_arguments && &name == &word.fields.back()));
        found = inner;
    }
    return found;
}

// Of nothing there is nothing; of a nil in a map or a list it is an error.
result<value> evaluator::field_of(value const& of, std::string_view name, bool has_arguments) const {
    if (of.is_nil()) {
        if (of.boxed) return refuse(std::format("nil pointer evaluating interface {{}}.{}", name));
        return value{};
    }
    auto const* const m = of.get_if<map>();
    auto const type = of.boxed ? "interface {}" : type_name(of);
    if (m == nullptr) return refuse(std::format("can't evaluate field {} in type {}", name, type));
    if (has_arguments) return refuse(std::format("{} is not a method but has arguments", name));
    auto const* const found = m->find(name);
    return found != nullptr ? *found : value{};
}

result<value> evaluator::argument(value const& dot, parameter p, operand const& word) {
    at(word);
    VSECM_TRY_OK(pay());
    switch (word.kind) {
        case operand_kind::dot: return checked(dot, p);
        case operand_kind::nil:
            if (p == parameter::text) return refuse("cannot assign nil to string");
            return value{};
        case operand_kind::constant:
            if (p == parameter::text && word.constant.get_if<std::string_view>() == nullptr)
                return refuse(std::format("expected string; found {}", word.word));
            return constant(word);
        case operand_kind::group: {
            VSECM_TRY(v, pipeline_value(dot, *word.group));
            return checked(v, p);
        }
        case operand_kind::function: {
            VSECM_TRY(v, call(dot, word, place_of(word), {}, nullptr));
            return checked(v, p);
        }
        case operand_kind::field:
        case operand_kind::variable:
        case operand_kind::chain: break;
    }
    VSECM_TRY(v, looked_up(dot, word, false));
    return checked(v, p);
}

result<value> evaluator::checked(value const& v, parameter p) const {
    if (p == parameter::as_is) return v;
    if (p == parameter::plain || v.get_if<std::string_view>() != nullptr) return v.unboxed();
    if (v.is_nil() && !v.boxed) return refuse("invalid value; expected string");
    return refuse(std::format("wrong type for value; expected string; got {}", v.is_nil() ? "interface {}" : type_name(v)));
}

result<value> evaluator::constant(operand const& word) {
    at(word);
    if (word.constant.is_nil()) return refuse(std::format("{} overflows int", word.word));
    return word.constant;
}

result<value> evaluator::call(value const& dot, operand const& word, place where, operands given, value const* last) {
    auto const& f = *find_function(word.word);
    auto const num = given.size() + (last != nullptr ? 1 : 0);
    if (f.is_variadic && num < f.num_fixed)
        return refuse(std::format("wrong number of args for {}: want at least {} got {}", f.name, f.num_fixed, given.size()));
    if (!f.is_variadic && num != f.num_fixed)
        return refuse(std::format("wrong number of args for {}: want {} got {}", f.name, f.num_fixed, num));
    if (f.name == "and" || f.name == "or") return logical(dot, f.name == "or", given, last);

    VSECM_TRY(args, call_arguments(dot, f, given, last));
    auto const failed = [&](std::string_view what, errc code) {
        at_ = where;
        return refuse(std::format("error calling {}: {}", f.name, what), code);
    };
    if (f.name == "call") {  // nothing in JSON can be called
        if (args.front().is_nil()) return failed("call of nil", errc::invalid);
        auto const type = type_name(args.front());
        auto const shown = given.empty() ? std::format("<{} Value>", type) : text_of(given.front());
        return failed(std::format("non-function {} of type {}", shown, type), errc::invalid);
    }
    auto outcome = f.run(work_, args);
    if (!outcome) return failed(outcome.error().what, outcome.error().code);
    return *outcome;
}

// `and` and `or`: the first argument that decides, or the last; those behind it are not looked at.
result<value> evaluator::logical(value const& dot, bool decisive, operands given, value const* last) {
    value v;
    for (auto const& word : given) {
        VSECM_TRY(next, argument(dot, parameter::as_is, word));
        v = next;
        if (is_true(v) == decisive) return v;
    }
    return last != nullptr ? *last : v;
}

result<value_list> evaluator::call_arguments(value const& dot, function const& f, operands given, value const* last) {
    value_list args;
    args.reserve(given.size() + 1);
    auto const next = [&] { return args.empty() ? f.first : f.others; };
    for (auto const& word : given) {
        VSECM_TRY(v, argument(dot, next(), word));
        args.push_back(v);
    }
    if (last != nullptr) {
        VSECM_TRY(v, checked(*last, next()));
        args.push_back(v);
    }
    return args;
}

}  // namespace vsecm::gotmpl
