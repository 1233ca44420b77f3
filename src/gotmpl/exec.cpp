#include "gotmpl/exec.hpp"

#include "base/try.hpp"
#include "gotmpl/evaluator.hpp"
#include "gotmpl/formatter.hpp"
#include "gotmpl/quote.hpp"

namespace vsecm::gotmpl {

using base::errc;
using base::result;

namespace {

// What a statement means for those after it.
enum class flow { go_on, leave, next };

class execution {
public:
    execution(template_set const& set, limits const& l) : set_(set), limits_(l), evaluator_(set, l), out_(l.max_output) {}

    result<base::secret_text> run(value const& root) {
        VSECM_TRY_OK(invoke_body(set_.name, set_.bodies.find(set_.name)->second, root));
        return std::move(out_).take();
    }

private:
    result<flow> walk(value const& dot, body const& statements);
    result<flow> walk_one(value const& dot, statement const& s);
    // Not inlined into walk_one: in a recursion each level would pay for the stack of all of them.
    [[gnu::noinline]] base::status output(value const& dot, statement const& s);
    [[gnu::noinline]] result<flow> branch(value const& dot, statement const& s);
    [[gnu::noinline]] result<flow> range(value const& dot, statement const& s);
    [[gnu::noinline]] base::status invoke(value const& dot, statement const& s);
    template <class EachElement>
    result<bool> for_each(value const& over, statement const& s, EachElement&& each);
    result<flow> one_round(statement const& s, value const& key, value const& element);
    base::status invoke_body(std::string_view name, body const& statements, value const& dot);
    base::status check_output();

    template_set const& set_;
    limits const& limits_;
    evaluator evaluator_;
    text_sink out_;
};

base::status execution::check_output() {
    if (!out_.overflowed()) return {};
    return evaluator_.refuse(std::format("the result has more than {} bytes", limits_.max_output), errc::too_large);
}

result<flow> execution::walk(value const& dot, body const& statements) {
    VSECM_TRY(deeper, evaluator_.enter());
    for (auto const& s : statements) {
        VSECM_TRY(then, walk_one(dot, s));
        if (then != flow::go_on) return then;
    }
    return flow::go_on;
}

result<flow> execution::walk_one(value const& dot, statement const& s) {
    VSECM_TRY_OK(evaluator_.begin(s));
    switch (s.kind) {
        case statement_kind::text:
            out_.write(s.text);
            VSECM_TRY_OK(check_output());
            return flow::go_on;
        case statement_kind::output: VSECM_TRY_OK(output(dot, s)); return flow::go_on;
        case statement_kind::branch_if:
        case statement_kind::branch_with: return branch(dot, s);
        case statement_kind::range: return range(dot, s);
        case statement_kind::invoke: VSECM_TRY_OK(invoke(dot, s)); return flow::go_on;
        case statement_kind::leave: return flow::leave;
        case statement_kind::next: break;
    }
    return flow::next;
}

base::status execution::output(value const& dot, statement const& s) {
    VSECM_TRY(v, evaluator_.pipeline_value(dot, *s.pipe));
    if (!s.pipe->variables.empty()) return {};
    if (v.is_nil()) out_.write("<no value>");
    else formatter(out_).write(v, 'v');
    return check_output();
}

result<flow> execution::branch(value const& dot, statement const& s) {
    evaluator::scope const until_here(evaluator_);
    VSECM_TRY(v, evaluator_.pipeline_value(dot, *s.pipe));
    if (!is_true(v)) return walk(dot, s.otherwise);
    return walk(s.kind == statement_kind::branch_with ? v : dot, s.body);
}

result<flow> execution::range(value const& dot, statement const& s) {
    evaluator::scope const until_here(evaluator_);
    VSECM_TRY(over, evaluator_.pipeline_value(dot, *s.pipe));
    VSECM_TRY(any, for_each(over, s, [&](value const& key, value const& element) -> result<bool> {
        VSECM_TRY(then, one_round(s, key, element));
        return then != flow::leave;
    }));
    if (any) return flow::go_on;
    // A {{break}} in here leaves this range, not the one around it, as Go has it; a {{continue}} is the outer one's.
    VSECM_TRY(then, walk(dot, s.otherwise));
    return then == flow::leave ? flow::go_on : then;
}

// Calls `each(key, element)` in Go's order until it answers false. False if there was nothing to call it for.
template <class EachElement>
result<bool> execution::for_each(value const& over, statement const& s, EachElement&& each) {
    if (over.is_nil()) return false;
    if (auto const* l = over.get_if<list>()) {
        for (std::int64_t i = 0; auto const& element : *l) {
            VSECM_TRY(more, each(i++, element));
            if (!more) break;
        }
        return l->len > 0;
    }
    if (auto const* m = over.get_if<map>()) {
        for (auto const& [name, element] : *m) {
            VSECM_TRY(more, each(name, element));
            if (!more) break;
        }
        return m->len > 0;
    }
    auto const* const byte = over.get_if<std::uint8_t>();
    auto const* const number = over.get_if<std::int64_t>();
    if (byte == nullptr && number == nullptr) return evaluator_.refuse(std::format("range can't iterate over {}", type_name(over)));
    if (s.pipe->variables.size() > 1)
        return evaluator_.refuse(std::format("can't use {} to iterate over more than one variable", type_name(over)));
    std::int64_t const end = byte != nullptr ? *byte : *number;
    for (std::int64_t i = 0; i < end; ++i) {
        VSECM_TRY(more, each({}, byte != nullptr ? value(static_cast<std::uint8_t>(i)) : value(i)));
        if (!more) break;
    }
    return end > 0;
}

result<flow> execution::one_round(statement const& s, value const& key, value const& element) {
    evaluator::scope const until_here(evaluator_);
    VSECM_TRY_OK(evaluator_.begin_round(*s.pipe, key, element));
    return walk(element, s.body);
}

base::status execution::invoke(value const& dot, statement const& s) {
    VSECM_TRY_OK(evaluator_.pay(s.text.size() / 64));
    auto const found = set_.bodies.find(s.text);
    if (found == set_.bodies.end()) return evaluator_.refuse(std::format("template {} not defined", quoted(s.text)));
    value inner;
    if (s.pipe) {
        VSECM_TRY(v, evaluator_.pipeline_value(dot, *s.pipe));
        inner = v;
    }
    return invoke_body(found->first, found->second, inner);
}

base::status execution::invoke_body(std::string_view name, body const& statements, value const& dot) {
    evaluator::invocation const inside(evaluator_, name, dot);
    VSECM_TRY_OK(walk(dot, statements));
    return {};
}

}  // namespace

result<base::secret_text> execute(template_set const& set, value const& root, limits const& l) {
    return execution(set, l).run(root);
}

}  // namespace vsecm::gotmpl
