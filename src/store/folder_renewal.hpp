// Brings a data folder under another root key, file by file, between the writes. The plaintext of a file stays what it was to the
// byte; docs/record-format.md, "Another root key", says why a crash at any moment loses nothing.
#pragma once

#include "store/data_folder.hpp"
#include "store/work_pool.hpp"

#include <atomic>
#include <deque>

namespace vsecm::store {

// The writer's own: one thread (it uses the pool's others itself).
class folder_renewal {
public:
    folder_renewal(data_folder const& folder, work_pool& pool) : folder_(folder), pool_(pool) {}

    // From the start. There must be no journal, or only one under the key in use.
    base::status begin();
    // backend::renew_some.
    base::result<renewal_step> go_on(record_opener const& opener);

private:
    struct item {
        std::string file;
        std::string aside{};  // its temporary file's name in the data folder, once that is written
        open_verdict verdict = open_verdict::corrupt;
        bool gone = false, renewed = false;
        base::status read{}, written{};
    };
    struct part {
        std::string const* folder;
        std::string label;  // before a file's name, in sentences: "history/"
        bool numbered;      // a number behind the secret's name tells its files apart
    };

    base::result<std::vector<std::string>> list(part const& p) const;
    // Whether it holds ciphertexts that a damaged journal left for people.
    bool is_kept_journal(part const& p, std::string_view file) const;
    base::status leave();
    base::status enter(std::size_t number);
    void look_at(item& one, record_opener const& opener);
    base::status place(std::deque<item>& few);
    void drop(std::deque<item>& few);

    data_folder const& folder_;
    work_pool& pool_;
    std::vector<part> parts_;
    std::size_t part_ = 0;               // where it is; beyond the last: at the end
    std::vector<std::string> files_;     // of that part
    std::size_t next_ = 0;               // of them
    std::size_t num_later_ = 0;          // in the parts behind, when it began
    std::atomic<std::uint64_t> serial_{0};
};

}  // namespace vsecm::store
