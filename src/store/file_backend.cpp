#include "store/file_backend.hpp"

#include "base/try.hpp"
#include "store/batch_writer.hpp"
#include "store/folder_loader.hpp"
#include "store/folder_renewal.hpp"

namespace vsecm::store {
namespace {

class file_backend final : public backend {
public:
    file_backend(file_options options, data_folder folder)
        : options_(std::move(options)), folder_(std::move(folder)), writer_(folder_, index_, options_), renewal_(folder_, writer_.pool()),
          description_("file " + options_.path) {}

    base::result<loaded_records> load(record_opener const& opener) override {
        VSECM_TRY_OK(writer_.recover(opener));
        return load_folder(folder_, opener, options_.key_id, writer_.pool(), writer_.history(), index_);
    }
    void apply(std::span<write_group> groups, bool settling) override { writer_.apply(groups, settling); }
    base::result<std::vector<std::uint64_t>> earlier_versions(std::string const& name) override { return writer_.earlier_versions(name); }
    base::result<base::secret_text> read_earlier(std::string const& name, std::uint64_t version) override {
        return writer_.read_earlier(name, version);
    }
    base::status forget(std::span<std::string const> names) override { return writer_.forget(names); }
    base::result<std::chrono::nanoseconds> tend(bool all) override { return writer_.tend(all); }
    base::status begin_renewal(std::string const& key_id) override {
        if (auto done = writer_.tend(true); !done) return std::unexpected(std::move(done).error());  // no journal under another key
        if (folder_.known_key_id() != key_id) VSECM_TRY_OK(folder_.remember_key_id(key_id));
        return renewal_.begin();
    }
    base::result<renewal_step> renew_some(record_opener const& opener) override { return renewal_.go_on(opener); }
    bool adopted() const noexcept override { return folder_.adopted(); }
    std::string_view describe() const noexcept override { return description_; }

private:
    file_options options_;
    data_folder folder_;
    folder_index index_;
    batch_writer writer_;
    folder_renewal renewal_;
    std::string description_;
};

}  // namespace

base::result<std::unique_ptr<backend>> open_file_backend(file_options options) {
    while (options.path.size() > 1 && options.path.ends_with('/')) options.path.pop_back();
    VSECM_TRY(folder, data_folder::open(options));
    return std::make_unique<file_backend>(std::move(options), std::move(folder));
}

}  // namespace vsecm::store
