// Prints how long this workload's secret is, and again whenever it changes, until it is told to end. `once` as its argument: only now.
#include <vsecm/vsecm.hpp>

#include <signal.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) try {
    if (argc > 1 && std::strcmp(argv[1], "once") == 0) {
        auto const secret = vsecm::fetch();
        std::printf("the secret has %zu bytes\n", secret.data().size());
        return 0;
    }
    sigset_t ends;  // a container's first process is not ended by a signal it does not ask for
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    auto const watching = vsecm::watch([](vsecm::change const& now) {
        if (now) std::printf("the secret has %zu bytes\n", now.data().size());
        else if (now.is_absence()) std::printf("no secret: %.*s\n", static_cast<int>(now.message().size()), now.message().data());
        else std::printf("still the same secret, but: %.*s\n", static_cast<int>(now.message().size()), now.message().data());
        std::fflush(stdout);
    });
    int number = 0;
    sigwait(&ends, &number);  // a real program does its work here
    return 0;
} catch (vsecm::absent_error const& none) {
    std::fprintf(stderr, "no secret: %s\n", none.what());
    return 6;
} catch (vsecm::error const& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
