// A file system that is the real one but for what a test makes different.
#pragma once

#include "base/file.hpp"

namespace vsecm::test {

class passing_on : public base::file_layer {
public:
    base::status write_new_synced(std::string const& p, base::byte_view b, ::mode_t m) override { return real.write_new_synced(p, b, m); }
    base::status append_synced(std::string const& p, base::byte_view b) override { return real.append_synced(p, b); }
    base::status shorten_synced(std::string const& p, std::size_t len) override { return real.shorten_synced(p, len); }
    base::status rename(std::string const& from, std::string const& to) override { return real.rename(from, to); }
    base::status link(std::string const& from, std::string const& to) override { return real.link(from, to); }
    base::status remove(std::string const& path) override { return real.remove(path); }
    base::status sync_folder(std::string const& path) override { return real.sync_folder(path); }
    base::status make_folder(std::string const& path, ::mode_t mode) override { return real.make_folder(path, mode); }
    base::result<std::vector<base::folder_entry>> list(std::string const& path) override { return real.list(path); }
    base::result<base::secret_text> read(std::string const& path, std::size_t max_len) override { return real.read(path, max_len); }

protected:
    base::file_layer& real = base::posix_files();
};

}  // namespace vsecm::test
