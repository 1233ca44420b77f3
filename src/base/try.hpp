// VSECM_TRY(name, expression): unwrap a result or return its error. The CO_ forms are for coroutines.
#pragma once

#include "base/result.hpp"

#define VSECM_TRY_CAT_(a, b) a##b
#define VSECM_TRY_NAME_(line) VSECM_TRY_CAT_(try_result_, line)

#define VSECM_TRY_IMPL_(tmp, name, ret, ...)                          \
    auto tmp = (__VA_ARGS__);                                         \
    if (!tmp) [[unlikely]]                                            \
        ret std::unexpected(std::move(tmp).error());                  \
    auto name = *std::move(tmp)

#define VSECM_TRY(name, ...) VSECM_TRY_IMPL_(VSECM_TRY_NAME_(__LINE__), name, return, __VA_ARGS__)
#define VSECM_CO_TRY(name, ...) VSECM_TRY_IMPL_(VSECM_TRY_NAME_(__LINE__), name, co_return, __VA_ARGS__)

// For status (result<void>).
#define VSECM_TRY_OK(...)                                                                 \
    do {                                                                                  \
        if (auto try_status_ = (__VA_ARGS__); !try_status_) [[unlikely]]                  \
            return std::unexpected(std::move(try_status_).error());                       \
    } while (false)
#define VSECM_CO_TRY_OK(...)                                                              \
    do {                                                                                  \
        auto try_status_ = (__VA_ARGS__);                                                 \
        if (!try_status_) [[unlikely]]                                                    \
            co_return std::unexpected(std::move(try_status_).error());                    \
    } while (false)
