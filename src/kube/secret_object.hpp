// A Secret as the API server tells it, and as it is told to it.
#pragma once

#include "base/secret_text.hpp"
#include "codec/json_reader.hpp"
#include "kube/names.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace vsecm::kube {

// Key to value, in the clear. Compared by content, key by key.
using secret_data = std::map<std::string, base::secret_text, std::less<>>;

// What a read-merge-write changes; everything else of the object stays as it was read.
struct secret_changes {
    secret_data const* set = nullptr;                  // borrowed; null: none
    std::set<std::string, std::less<>> removed_keys;
    std::string_view owner;                            // value of the owner's label; empty: the label is removed
    std::set<std::string, std::less<>> removed_annotations;
};

// Who has written a key of `data`, by the server's own book (metadata.managedFields).
struct key_owners {
    bool our_apply = false;   // this program, by server-side apply: a key that is not sent again goes by itself
    bool our_update = false;  // this program, or the original, by a whole write: it stays until it is taken out
    bool others = false;
};

class secret_object {
public:
    // errc::corrupt if it is no Secret. Bounded by the reader's limits.
    static base::result<secret_object> parse(base::secret_text&& json);

    std::string_view uid() const { return metadata("uid"); }
    std::string_view resource_version() const { return metadata("resourceVersion"); }
    std::string_view label(std::string_view name) const { return text_at("labels", name); }            // empty: it has none
    std::string_view annotation(std::string_view name) const { return text_at("annotations", name); }  // the same
    bool is_ours() const { return label(owner_label) == owner_value; }
    bool is_immutable() const;

    std::set<std::string, std::less<>> keys() const;
    bool has(std::string_view key, base::byte_view value) const;  // constant time in the value
    // The value of a key; nothing if there is no such key. errc::corrupt if it is not base64.
    base::result<std::optional<base::secret_text>> value(std::string_view key) const;
    key_owners owners(std::string_view key) const;

    // The whole object for a replace, its resourceVersion included: whoever writes in between makes it a conflict.
    base::secret_text rewritten(secret_changes const& changes) const;

private:
    explicit secret_object(codec::json_document document) : document_(std::move(document)) {}
    std::optional<codec::json_value> member(std::string_view name) const { return document_.root().member(name); }
    std::string_view metadata(std::string_view name) const;
    std::string_view text_at(std::string_view map, std::string_view name) const;

    codec::json_document document_;
};

// The object for a create, or for an apply: `data`, the owner's label, and with `uid` only if it still is that object.
base::secret_text write_secret(secret_ref const& where, secret_data const& data, std::string_view uid = {});

}  // namespace vsecm::kube
