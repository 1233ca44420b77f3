// Plain sockets to a server on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vsecm::test {

// A connected socket with that patience; -1 if nobody listens.
int connect_loopback(std::uint16_t port, std::chrono::milliseconds patience);

// Sends and receives give up after that.
void set_patience(int fd, std::chrono::milliseconds patience);

// Everything the peer says until it closes.
struct heard {
    std::string text;
    bool still_open = false;  // it did not close within the socket's patience
};
heard receive_all(int fd);

}  // namespace vsecm::test
