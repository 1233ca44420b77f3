// Ordinary heap memory that is zeroed when it is given back: for secrets passing through (HTTP, JSON, templates).
#pragma once

#include "base/bytes.hpp"

#include <new>

namespace vsecm::base {

template <class T>
struct wiping_allocator {
    using value_type = T;
    wiping_allocator() noexcept = default;
    template <class U>
    wiping_allocator(wiping_allocator<U> const&) noexcept {}

    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T))); }
    void deallocate(T* p, std::size_t n) noexcept {
        wipe(p, n * sizeof(T));
        ::operator delete(p, n * sizeof(T));
    }
    template <class U>
    bool operator==(wiping_allocator<U> const&) const noexcept {
        return true;
    }
};

}  // namespace vsecm::base
