// What persistence must promise. The store knows names, versions and ciphertext; where they lie is the backend's business,
// and nothing above this line may assume a disk.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/secret_text.hpp"
#include "store/stored_secret.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace vsecm::store {

// --- loading ----------------------------------------------------------------------------------------------------------
enum class open_verdict : std::uint8_t { opened, other_key, corrupt };
struct opened_record {
    open_verdict verdict = open_verdict::corrupt;
    std::shared_ptr<stored_secret> secret;  // when opened; version 0 if whoever wrote it does not count versions
};
// What has to stand in the place of a ciphertext since the root key was changed.
struct renewed_record {
    open_verdict verdict = open_verdict::corrupt;
    std::optional<std::vector<std::uint8_t>> sealed;  // when opened: nothing if the key in use opens it as it is
};
// Implemented by the store: decrypts, parses and seals one record. `names` are what the record may call itself; another
// name is `corrupt`. Thread-safe: a backend opens records on all cores.
class record_opener {
public:
    virtual ~record_opener() = default;
    virtual opened_record open(base::byte_view sealed, std::span<std::string_view const> names) const = 0;
    virtual renewed_record renew(base::byte_view sealed, std::span<std::string_view const> names) const = 0;
    // Gives a version to a record of a program that does not count them.
    virtual void set_version(stored_secret& secret, std::uint64_t version) const = 0;
    // The reserved name of a record that cannot be opened.
    virtual std::shared_ptr<stored_secret> damaged(std::string_view name, std::uint64_t version) const = 0;
};

struct loaded_records {
    std::vector<std::shared_ptr<stored_secret>> secrets;  // one a name: present, deleted, vacant or damaged
    std::vector<std::string> warnings;                    // sentences for the log; no values
};

// --- writing ----------------------------------------------------------------------------------------------------------
struct record_write {
    std::string name;
    std::uint64_t version = 0;
    secret_state state = secret_state::present;  // present, deleted or vacant
    std::uint64_t replaces = 0;                  // version of the present record there now, 0 if none
    bool replaces_damaged = false;               // what is there could not be opened: keep it aside
    bool amends = false;                         // the version that is there, written again: nothing becomes an earlier one
    // Makes the ciphertext of the record. Called once, on any thread of the backend.
    std::function<base::result<std::vector<std::uint8_t>>()> seal;
};

// The changes of one request: all of them or none, over a crash at any moment too.
struct write_group {
    std::vector<record_write> writes;
    base::status outcome{};
    // With a failed outcome: whether a restart might show the change all the same. The store then writes what it has in
    // memory again, under a later version, before it does anything else.
    bool uncertain = false;
};

// --- another root key -------------------------------------------------------------------------------------------------
struct renewal_step {
    std::size_t num_seen = 0;     // ciphertexts looked at
    std::size_t num_renewed = 0;  // of them, written anew
    std::size_t num_ahead = 0;    // still to come, about
    bool at_end = false;          // there is nothing more
    std::vector<std::string> unopened;  // sentences about those that no key of ours opens
    std::vector<std::string> unread;    // and about those that the disk did not give: they may need a key that was replaced
};

class backend {
public:
    virtual ~backend() = default;

    // Everything there is, once, before any apply(). errc::no_match if there are records and our key opens none.
    virtual base::result<loaded_records> load(record_opener const& opener) = 0;

    // Writes all groups; names are distinct over the whole call. When it returns, each group whose outcome is a value is on
    // stable storage. `settling`: these groups repair what an earlier call left uncertain, one group for all of it; they
    // supersede its leftovers. One thread at a time.
    virtual void apply(std::span<write_group> groups, bool settling) = 0;

    // Numbers of the versions kept of `name` besides the present one, ascending; of a deleted secret, all that is kept. The
    // same thread as apply(), as are the next two.
    virtual base::result<std::vector<std::uint64_t>> earlier_versions(std::string const& name) = 0;
    // The ciphertext of one. errc::not_found if it is not kept, storage.
    virtual base::result<base::secret_text> read_earlier(std::string const& name, std::uint64_t version) = 0;
    // These names, all deleted or vacant, are as if they had never been; what is kept of them goes first. After an error, or a
    // crash, some may be known as deleted still. A record that was deleted never comes back.
    virtual base::status forget(std::span<std::string const> names) = 0;

    // Does what could wait, if it has waited long enough; `all`: does all of it (the store is stopping). Nothing acknowledged
    // depends on it. Returns how long it may be left alone. Not at the same time as apply().
    virtual base::result<std::chrono::nanoseconds> tend(bool all) = 0;

    // The records' key is now the one of this id: from here on renew_some() goes through every ciphertext that is kept, of whatever
    // age, from the start. What is written meanwhile is under that key already. The same thread as apply(), not while anything is
    // uncertain; as is the next one.
    virtual base::status begin_renewal(std::string const& key_id) = 0;
    // The next few. Whatever a crash leaves has the same content under one key or the other; all of it is durable when `at_end` is
    // told. errc::storage: the same few again later.
    virtual base::result<renewal_step> renew_some(record_opener const& opener) = 0;

    // True if the records were there before vsecm: its rules on namespaces are then a warning only (design section 4).
    virtual bool adopted() const noexcept = 0;
    virtual std::string_view describe() const noexcept = 0;  // for logs: "file /var/local/vsecm/data"
};

}  // namespace vsecm::store
