// Threads of a library in somebody else's process.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace vsecm::sdk {

// Runs `work` on a new thread that takes no signals: those are for the program's own. What it is called is seen in /proc. Throws as
// std::thread.
template <class Work>
std::thread quiet_thread(Work&& work) {
    class blocked {
    public:
        blocked() noexcept {
            ::sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, &before_);
        }
        ~blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    private:
        ::sigset_t before_;
    };
    blocked const meanwhile;  // a new thread inherits it
    return std::thread([work = std::forward<Work>(work)]() mutable {
        ::pthread_setname_np(::pthread_self(), "vsecm");
        work();
    });
}

}  // namespace vsecm::sdk
