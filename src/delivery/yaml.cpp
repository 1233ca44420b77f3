#include "delivery/yaml.hpp"

#include "delivery/key_order.hpp"
#include "delivery/yaml_scalar.hpp"
#include "gotmpl/float_text.hpp"

namespace vsecm::delivery {
namespace {

constexpr std::size_t step = 4;

constexpr std::size_t next_level(std::size_t indent) noexcept { return step * ((indent + step) / step); }

class writer {
public:
    explicit writer(std::size_t max_len) : out_(max_len) {}

    base::result<base::secret_text> document(gotmpl::value const& root) {
        node(root, {0, 0, step, true});
        if (!at_line_start_) out_.write('\n');
        if (out_.overflowed()) return base::fail(base::errc::too_large, "as YAML it would be too large");
        return std::move(out_).take();
    }

private:
    // Where a node stands: the column of what holds it, where a list or map in its place begins, where the lines of a literal
    // block do.
    struct place {
        std::size_t holder, block, text;
        bool is_root = false;
    };
    static place in_map(std::size_t indent) noexcept { return {indent, next_level(indent), next_level(indent)}; }
    static place in_list(std::size_t indent) noexcept { return {indent, indent + 2, indent + 2}; }

    // Depth: that of the JSON document, which its parser has bounded.
    void node(gotmpl::value const& v, place at) {
        if (auto const* map = v.get_if<gotmpl::map>(); map != nullptr && map->len > 0) return block_map(*map, at.block);
        if (auto const* list = v.get_if<gotmpl::list>(); list != nullptr && list->len > 0) return block_list(*list, at.block);
        if (!at.is_root) out_.write(' ');
        at_line_start_ = false;
        scalar(v, at);
    }

    void scalar(gotmpl::value const& v, place at) {
        if (auto const* text = v.get_if<std::string_view>()) return scalar_text(*text, at);
        if (auto const* truth = v.get_if<bool>()) return out_.write(std::string_view(*truth ? "true" : "false"));
        if (auto const* number = v.get_if<gotmpl::real>()) {
            if (!number->digits.empty()) return out_.write(number->digits);
            return out_.write(gotmpl::float_text(number->number, 'g', gotmpl::shortest).view());
        }
        out_.write(std::string_view(v.get_if<gotmpl::map>() ? "{}" : v.get_if<gotmpl::list>() ? "[]" : "null"));
    }

    void scalar_text(std::string_view text, place at) {
        auto const style = style_of(text, {false, at.text - at.holder == step});
        if (style != scalar_style::literal) return write_scalar(out_, text, style);
        write_literal(out_, text, at.text);
        at_line_start_ = text.ends_with('\n');
    }

    // To column `indent`: on this line if nothing but marks is on it, else on the next.
    void begin_at(std::size_t indent) {
        if (!at_line_start_ && !after_mark_) out_.write('\n');
        out_.fill(indent - (after_mark_ ? mark_end_ : 0), ' ');
        at_line_start_ = after_mark_ = false;
    }

    void mark(char c, std::size_t indent) {
        begin_at(indent);
        out_.write(c);
        after_mark_ = true;
        mark_end_ = indent + 1;
    }

    void block_list(gotmpl::list const& all, std::size_t indent) {
        for (auto const& element : all) {
            mark('-', indent);
            value_of(element, in_list(indent));
        }
    }

    void block_map(gotmpl::map const& all, std::size_t indent) {
        for (auto const* m : natural_order(all)) {
            if (is_simple_key(m->name)) {
                begin_at(indent);
                // Unquoted, the key << would mean that the value is to be merged into this map.
                write_scalar(out_, m->name, m->name == "<<" ? scalar_style::double_quoted : style_of(m->name, {true}));
                out_.write(':');
            } else {
                mark('?', indent);
                value_of(m->name, in_map(indent));
                mark(':', indent);
            }
            value_of(m->held, in_map(indent));
        }
    }

    void value_of(gotmpl::value const& v, place at) {
        node(v, at);
        after_mark_ = false;
    }

    gotmpl::text_sink out_;
    bool at_line_start_ = true;
    bool after_mark_ = false;  // the line ends in -, ? or :, and what follows may stand beside it
    std::size_t mark_end_ = 0;
};

}  // namespace

base::result<base::secret_text> to_yaml(gotmpl::value const& value, std::size_t max_len) { return writer(max_len).document(value); }

}  // namespace vsecm::delivery
