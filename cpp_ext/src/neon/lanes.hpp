#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "sonogaze/kernels.hpp"

namespace sonogaze::neon {

constexpr std::int64_t kBlock = 16;

// Asks for the cache line that holds byte `at` of what is read soon.
static inline void fetch(Soon soon, std::int64_t at) {
    if (at >= soon.bytes) return;
    const auto address = soon.address + static_cast<std::uintptr_t>(at);
#if defined(_MSC_VER)
    __prefetch(reinterpret_cast<const void*>(address));
#else
    __builtin_prefetch(reinterpret_cast<const void*>(address));
#endif
}

}  // namespace sonogaze::neon
