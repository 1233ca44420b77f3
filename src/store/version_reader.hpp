// Earlier versions in the clear: what rollback, undelete and the list of versions read.
#pragma once

#include "store/record_reader.hpp"
#include "store/version_list.hpp"

namespace vsecm::store {

// The writer's own: one thread. It waits for the disk.
class version_reader {
public:
    version_reader(backend& behind, record_reader const& reader, snapshot_maker const& maker)
        : behind_(behind), reader_(reader), maker_(maker) {}

    // errc::not_found if that version is not kept, corrupt if it does not open, storage.
    base::result<plain_record> read(std::string const& name, std::uint64_t version) const;
    // The newest earlier one. errc::not_found if none is kept.
    base::result<plain_record> read_newest(std::string const& name) const;
    // `current` is what memory has of the name, or null. errc::not_found if there never was such a secret, storage.
    base::result<version_list> list(std::string const& name, secret_ptr const& current) const;

private:
    base::result<std::shared_ptr<stored_secret>> open(std::string const& name, std::uint64_t version) const;

    backend& behind_;
    record_reader const& reader_;
    snapshot_maker const& maker_;
};

}  // namespace vsecm::store
