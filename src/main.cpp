// The one executable: hardens the process, finds the role, and turns anything thrown into a sentence and an exit status.
#include "base/process.hpp"
#include "roles.hpp"

#include <openssl/crypto.h>

#include <cstdio>
#include <exception>
#include <vector>

int main(int argc, char** argv) {
    // First of all: a foreign openssl.cnf on the machine must not load providers or engines into this process.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    if (auto hardened = vsecm::base::harden_process(); !hardened) {
        std::fprintf(stderr, "vsecm: %s\n", hardened.error().what.c_str());
        return 1;
    }
    try {
        std::vector<std::string_view> const words(argv, argv + argc);
        return vsecm::run_vsecm(words);
    } catch (std::exception const& failure) {
        std::fprintf(stderr, "vsecm: %s\n", failure.what());
        return 1;
    }
}
