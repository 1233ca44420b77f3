// The rules of the stand-in for the API server, without sockets: objects, ownership of fields, what is refused and how.
#pragma once

#include "codec/json_reader.hpp"
#include "fakes/api_server.hpp"

namespace vsecm::test {

struct api_reply {
    unsigned status = 200;
    std::string body;
    std::string retry_after;
    std::chrono::milliseconds pause{0};
};

// A Status object, as the server fails. `details`: the JSON of its details, if any.
api_reply failed_reply(unsigned status, std::string_view reason, std::string_view message, std::string_view details = "{}");

class api_objects {
public:
    using key = std::pair<std::string, std::string>;  // namespace, name

    std::map<key, fake_secret> secrets;
    std::set<std::string> namespaces{"default"};

    void store(key const& at, fake_secret secret, std::string const& manager);  // as a whole write of `manager`
    api_reply get(key const& at) const;
    api_reply create(key const& at, std::string const& manager, std::string const& body);
    api_reply replace(key const& at, std::string const& manager, std::string const& body);
    api_reply apply(key const& at, std::string const& manager, bool force, std::string const& body);
    api_reply remove(key const& at, std::string const& body);

private:
    api_reply written(key const& at, fake_secret next, unsigned status);
    api_reply not_found(key const& at) const;
    std::string print(key const& at, fake_secret const& secret) const;
    long next_version_ = 100;
};

}  // namespace vsecm::test
