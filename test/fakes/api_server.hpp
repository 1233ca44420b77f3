// An API server of Kubernetes as far as Secrets go, on loopback over HTTPS: what a real one answered to the same requests,
// field ownership included, and failures by script.
#pragma once

#include "support/temp_folder.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vsecm::test {

// A Secret there, values in the clear.
struct fake_secret {
    std::map<std::string, std::string> data{}, labels{}, annotations{};
    std::string type = "Opaque";
    bool immutable = false;
    std::string uid{};
    long resource_version = 0;
    // Manager and operation ("vsecm Apply") to what it has written: "data.KEY", "labels.NAME", "annotations.NAME".
    std::map<std::string, std::set<std::string>> managers{};
};

// What a request is, for scripts: the verb as in a Role ("get", "patch", …).
struct fake_request {
    std::string verb, space, name, body, manager;
};
struct fake_answer {
    unsigned status = 500;
    std::string reason = "InternalError", message = "as scripted";
    std::string retry_after{};               // header, if not empty
    std::string body{};                      // instead of a Status, if not empty
    std::chrono::milliseconds pause{0};      // before it
    bool done_all_the_same = false;          // the request was carried out, only its own answer is lost
};

// Runs on a thread of its own. Every member is thread-safe.
class api_server {
public:
    api_server();
    ~api_server();

    unsigned port() const;
    std::string url() const { return "https://127.0.0.1:" + std::to_string(port()); }
    // A folder like the one the kubelet mounts: token, ca.crt, namespace.
    std::string account_folder() const { return folder_ / "account"; }

    void add_namespace(std::string const& name);
    void put(std::string const& space, std::string const& name, fake_secret secret, std::string const& manager = "kubectl Update");
    std::optional<fake_secret> find(std::string const& space, std::string const& name) const;
    void remove(std::string const& space, std::string const& name);
    // Deletes it and makes it again, with the same content: another object. May be called by a script.
    void make_anew(std::string const& space, std::string const& name);
    // Changes it as `manager` would by hand.
    void edit(std::string const& space, std::string const& name, std::function<void(fake_secret&)> const& change);

    void forbid(std::string const& space, std::set<std::string> verbs);  // "*": in every namespace
    void allow_everything();
    // Asked before anything else of each request that is authenticated; an answer it gives is the answer.
    using script = std::function<std::optional<fake_answer>(fake_request const&)>;
    void follow(script what);

    void change_token(std::string const& token, bool tell_the_pod = true);
    void change_ca();  // new CA and certificate; the pod's file follows
    std::vector<std::string> names_asked() const;  // by TLS clients (SNI), of each connection that named one
    std::vector<std::string> log() const;  // "patch a/db 201" of each request so far
    std::size_t count(std::string const& line_start) const;

private:
    struct impl;
    temp_folder folder_;
    std::unique_ptr<impl> impl_;
};

}  // namespace vsecm::test
