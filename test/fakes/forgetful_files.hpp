// A file system in memory that keeps, of what was done to it, only what was synced; and that fails where it is told to.
#pragma once

#include "base/file.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

namespace vsecm::fakes {

// Thread-safe. Every change is one call, counted from 0; reading is free. Folders last from the moment they are made.
class forgetful_files final : public base::file_layer {
public:
    enum class fault {
        none,
        refused,     // nothing happens, and an error is reported
        done_badly,  // it happens (a new file only in part), and an error is reported all the same
    };
    // What becomes of call number `n`.
    using fault_plan = std::function<fault(std::size_t n)>;

    // What a power cut leaves of entries that were never synced; of each folder on its own.
    enum class survival { nothing, everything, some };

    forgetful_files() = default;

    void plan_faults(fault_plan plan);
    std::size_t num_calls() const;
    std::vector<std::string> calls() const;  // "rename /d/.tmp-1 /d/a.age"

    // Holds the next call until open_gate(); wait_at_gate() returns once somebody stands before it.
    void close_gate();
    void wait_at_gate();
    void open_gate();

    // A new file system as a restart would find it. `seed` chooses which entries survive in `some`.
    std::unique_ptr<forgetful_files> after_power_cut(survival kept, unsigned seed = 0) const;

    // For arranging tests: done, durable, not counted.
    void put(std::string const& path, std::string_view content);
    std::optional<std::string> content(std::string const& path) const;
    std::vector<std::string> names_in(std::string const& folder) const;

    base::status write_new_synced(std::string const& path, base::byte_view bytes, ::mode_t mode) override;
    base::status append_synced(std::string const& path, base::byte_view bytes) override;
    base::status shorten_synced(std::string const& path, std::size_t len) override;
    base::status rename(std::string const& from, std::string const& to) override;
    base::status link(std::string const& from, std::string const& to) override;
    base::status remove(std::string const& path) override;
    base::status sync_folder(std::string const& path) override;
    base::status make_folder(std::string const& path, ::mode_t mode) override;
    base::result<std::vector<base::folder_entry>> list(std::string const& path) override;
    base::result<base::secret_text> read(std::string const& path, std::size_t max_len) override;

private:
    using inode = std::shared_ptr<std::string const>;
    using entries = std::map<std::string, inode>;
    // One change of a folder, whole or not at all: a name that goes, a name that comes.
    struct edit {
        std::string gone;
        std::string come;
        inode file;
        void apply_to(entries& to) const;
    };
    struct folder {
        entries now;
        entries synced;
        std::vector<edit> unsynced;
        void change(edit e);
    };
    struct place {
        folder* in;
        std::string name;
    };

    void replace_content(inode const& before, inode const& after);
    fault begin(std::unique_lock<std::mutex>& held, std::string call);
    place find(std::string const& path);
    static std::unexpected<base::error> broken(std::string const& what);

    mutable std::mutex mutex_;
    std::condition_variable gate_;
    bool gate_closed_ = false;
    std::size_t num_at_gate_ = 0;
    std::map<std::string, folder> folders_{{"/", {}}};
    std::vector<std::string> calls_;
    fault_plan plan_;
};

}  // namespace vsecm::fakes
