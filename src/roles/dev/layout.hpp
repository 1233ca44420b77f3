// The folder of a local system: where everything lies, and what it is called. Kept between runs.
//   identity/ca.pem             the issuer's authority      identity/NAME.sock   one Workload API socket an identity
//   data/ root-key              safe's                      env/NAME             `export` lines for a shell
//   workloads ports safe.pid dev.lock log/audit secrets/NAME.json
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vsecm::roles::dev {

struct identity_name {
    std::string name;
    std::string space = "default";
    bool operator==(identity_name const&) const = default;
};

// "NAME" or "NAME:NAMESPACE". errc::invalid unless both are SPIFFE path segments and the name may be a socket's.
base::result<identity_name> parse_identity_name(std::string_view text);

struct ports {
    std::uint16_t api = 0, live = 0, ready = 0;
    bool operator==(ports const&) const = default;
};

class layout {
public:
    // Makes the folders. errc::denied unless they and what is in them are ours alone (see own_folder.hpp); errc::invalid if the path is
    // too long for sockets below it.
    static base::result<layout> open(std::string const& folder);

    std::string path(std::string_view below) const { return folder_ + "/" + std::string(below); }
    std::string socket_of(std::string_view name) const { return path("identity/" + std::string(name) + ".sock"); }
    // errc::invalid if that socket's path does not fit in a socket address.
    base::status check_socket_of(std::string_view name) const;
    std::string spiffe_id_of(identity_name const& who) const;

    // The workloads of earlier runs and of `dev add`; none if there is no list yet.
    base::result<std::vector<identity_name>> workloads() const;
    // Adds those that are not there to that list. Processes may do so at the same time. errc::conflict, and nothing is added, if one
    // has the name of another, or of a part of the system.
    base::status enlist(std::vector<identity_name> const& more) const;
    // The ports of the last run; zeros if unknown.
    ports last_ports() const;
    base::status remember(ports const& used) const;
    // What a shell sources to be that identity.
    base::status write_env(identity_name const& who, ports const& used) const;
    // Away with those of an earlier run, whose ports may have been others.
    base::status remove_envs() const;
    // The same as NAME=value lines, for a process started from here.
    std::vector<std::string> environment_of(identity_name const& who, ports const& used) const;
    base::status write_pid(std::string_view below, long pid) const;

private:
    explicit layout(std::string folder) : folder_(std::move(folder)) {}
    std::string folder_;
};

inline constexpr std::string_view trust_domain = "vsecm.com";
inline constexpr std::string_view system_space = "vsecm-system";

// Those that are no workloads, and whose names no workload can have.
std::vector<identity_name> system_parts();

}  // namespace vsecm::roles::dev
