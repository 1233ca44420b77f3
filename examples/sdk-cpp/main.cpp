// A program that prints how long its secret is, and again whenever it changes. `once` as its argument: only now.
#include <vsecm/vsecm.hpp>

#include <cstdio>
#include <cstring>
#include <mutex>

int main(int argc, char** argv) try {
    if (argc > 1 && std::strcmp(argv[1], "once") == 0) {
        auto const secret = vsecm::fetch();
        std::printf("the secret has %zu bytes\n", secret.data().size());
        return 0;
    }
    auto const watching = vsecm::watch([](vsecm::change const& now) {
        if (now) std::printf("the secret has %zu bytes\n", now.data().size());
        else if (now.is_absence()) std::printf("no secret: %.*s\n", static_cast<int>(now.message().size()), now.message().data());
        else std::printf("still the same secret, but: %.*s\n", static_cast<int>(now.message().size()), now.message().data());
        std::fflush(stdout);
    });
    std::getchar();  // a real program does its work here; this one ends when its input does
    return 0;
} catch (vsecm::absent_error const& none) {
    std::fprintf(stderr, "no secret: %s\n", none.what());
    return 6;
} catch (vsecm::error const& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
