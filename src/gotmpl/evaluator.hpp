// The expressions of a template: pipelines, commands, operands, variables and calls. It also knows where the run is, for
// messages and limits.
#pragma once

#include "gotmpl/funcs.hpp"
#include "gotmpl/tree.hpp"
#include "gotmpl/workspace.hpp"

#include <format>
#include <memory>
#include <utility>

namespace vsecm::gotmpl {

class evaluator {
public:
    evaluator(template_set const& set, limits const& l) : set_(set), limits_(l), work_(l) {}

    // What the pipeline comes to, out of its box; the variables it declares or assigns are set.
    base::result<value> pipeline_value(value const& dot, pipeline const& p);

    // The run is at this statement now, and pays for it.
    base::status begin(statement const& s);
    base::status pay(std::uint64_t steps = 1);
    // The same for a round of a range; sets its variables.
    base::status begin_round(pipeline const& p, value const& key, value const& element);

    // Variables declared while it lives are gone after it.
    class scope {
    public:
        explicit scope(evaluator& e) : evaluator_(e), num_variables_(e.variables_.size()) {}
        ~scope() { evaluator_.variables_.resize(num_variables_); }
        scope(scope const&) = delete;
        scope& operator=(scope const&) = delete;

    private:
        evaluator& evaluator_;
        std::size_t num_variables_;
    };
    // A template sees `$` and no other variable of its caller's.
    class invocation {
    public:
        invocation(evaluator& e, std::string_view name, value const& dot)
            : evaluator_(e), name_(std::exchange(e.name_, name)), variables_(std::exchange(e.variables_, {{"$", dot}})) {}
        ~invocation() {
            evaluator_.name_ = name_;
            evaluator_.variables_ = std::move(variables_);
        }
        invocation(invocation const&) = delete;
        invocation& operator=(invocation const&) = delete;

    private:
        evaluator& evaluator_;
        std::string_view name_;
        wiping_vector<std::pair<std::string_view, value>> variables_;
    };
    // One level deeper, until it is destroyed. errc::too_large at the limit.
    struct leave_level {
        void operator()(std::size_t* depth) const { --*depth; }
    };
    using level = std::unique_ptr<std::size_t, leave_level>;
    base::result<level> enter();

    // "template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: what"
    std::unexpected<base::error> refuse(std::string_view what, base::errc code = base::errc::invalid) const;

private:
    using operands = std::span<operand const>;
    // The node being worked on, as messages name it.
    struct place {
        std::uint32_t pos;
        std::string (*text)(void const*);
        void const* node;
    };

    base::result<value> command_value(value const& dot, command const& c, value const* last);
    base::result<value> looked_up(value const& dot, operand const& word, bool has_arguments);
    base::result<value> field_of(value const& of, std::string_view name, bool has_arguments) const;
    base::result<value> argument(value const& dot, parameter p, operand const& word);
    base::result<value> checked(value const& v, parameter p) const;
    base::result<value> constant(operand const& word);
    base::result<value> call(value const& dot, operand const& word, place at, operands given, value const* last);
    base::result<value> logical(value const& dot, bool decisive, operands given, value const* last);
    base::result<value_list> call_arguments(value const& dot, function const& f, operands given, value const* last);

    base::result<value*> variable(std::string_view name);
    base::status assign(std::string_view name, value const& v);

    template <class Node>
    static place place_of(Node const& node) {
        return {node.pos, [](void const* n) { return text_of(*static_cast<Node const*>(n)); }, &node};
    }
    void at(operand const& word) { at_ = word.kind == operand_kind::group ? place_of(*word.group) : place_of(word); }

    template_set const& set_;
    limits const& limits_;
    workspace work_;
    std::string_view name_;  // of the template being run
    wiping_vector<std::pair<std::string_view, value>> variables_;
    place at_{};
    std::size_t depth_ = 0;
};

}  // namespace vsecm::gotmpl
