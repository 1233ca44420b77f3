// What vsecm-load was asked to do.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

namespace vsecm::load {

struct settings {
    std::string host = "127.0.0.1", port, path = "/", method = "GET";
    std::vector<std::string> headers;
    std::string cert, key;         // of the client, PEM
    std::string ca;                // of the server; empty: it is not verified
    std::string ca_key;            // not empty: every connection shows a leaf that this key has just signed
    std::string groups = "X25519";
    std::vector<int> pids;
    int connections = 8, threads = 1, expect = 200;
    double seconds = 3, warmup = 0.5;
    bool fresh = false, hold = false, json = false;

    // Made of the above.
    std::string request;
    std::string watch_request_head;  // the same, asking to be held: all but the ETag
    sockaddr_storage address{};
    socklen_t address_len = 0;
};

}  // namespace vsecm::load
