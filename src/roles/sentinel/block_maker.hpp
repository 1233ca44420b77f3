// Fields of a script to blocks, whatever the script is written in.
#pragma once

#include "roles/sentinel/script.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace vsecm::roles::sentinel {

// One block at a time, as the arguments of the command line that says the same. Keys and values are views that must outlive
// the blocks. Errors name a key and no line: the caller knows it.
class block_maker {
public:
    explicit block_maker(std::string_view generation_prefix) : generation_prefix_(generation_prefix) {}

    // A field of a script's line, or of an item. Lists (`w`, `n`) may be given several times. errc::invalid.
    base::status add(std::string_view key, std::string_view value);
    bool empty() const noexcept { return arguments_.empty() && !pause_; }
    // The block of the fields added since, whose first line is `line`. Not if it is empty.
    base::result<block> finish(unsigned line);

private:
    base::status add_field(char key, std::string_view value);
    base::status add_flag(char key, std::string_view value);
    base::status add_pause(std::string_view key, std::string_view value);
    void add_option(std::string_view option, std::string_view value);
    base::result<prepared_command> make_command() const;

    std::string_view generation_prefix_;
    std::vector<std::string_view> arguments_;
    std::string_view value_;  // of `s`
    bool has_format_ = false;
    std::optional<std::chrono::milliseconds> pause_;
};

}  // namespace vsecm::roles::sentinel
