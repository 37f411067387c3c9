#pragma once

#include <cstdint>

#include "sonogaze/kernels.hpp"

// GCC takes a function that does nothing but prefetch for one without effect, and drops calls of
// it: what is in here must be inlined, or be called through a table of kernels.
#if defined(_MSC_VER)
#include <intrin.h>
#define SONOGAZE_INLINE static __forceinline
#else
#define SONOGAZE_INLINE [[gnu::always_inline]] static inline
#endif

namespace sonogaze {

constexpr std::int64_t kLine = 64;  // bytes

// Asks for the cache line at an address that will be read soon, so that it arrives meanwhile. A
// hint: nothing depends on it, and it may lie outside any object.
template <Into into>
SONOGAZE_INLINE void fetch_line(std::uintptr_t address) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* const line = reinterpret_cast<const char*>(address);
    constexpr bool kFirst = into == Into::first_level;
#if !defined(_MSC_VER)
    __builtin_prefetch(line, 0, kFirst ? 3 : 2);
#elif defined(_M_ARM64)
    __prefetch2(line, kFirst ? 0 : 2);  // PLDL1KEEP, PLDL2KEEP
#else
    _mm_prefetch(line, kFirst ? _MM_HINT_T0 : _MM_HINT_T1);
#endif
}

// The lines that begin in so many bytes, or one of them every `step` bytes.
template <Into into, std::int64_t step = kLine>
SONOGAZE_INLINE void fetch_lines(std::uintptr_t address, std::int64_t bytes) {
    for (std::int64_t i = 0; i < bytes; i += step) {
        fetch_line<into>(address + static_cast<std::uintptr_t>(i));
    }
}

// The lines of so many rows from byte `next` up to `end`. Returns the one to go on with.
template <Into into, int Rows>
SONOGAZE_INLINE std::int64_t fetch_rows(const RowsAhead& ahead, std::int64_t next,
                                        std::int64_t end) {
    for (; next < end; next += ahead.step) {
        for (int r = 0; r < Rows; ++r) {
            fetch_line<into>(ahead.row + static_cast<std::uintptr_t>(r * ahead.stride + next));
        }
    }
    return next;
}

// Readers::fetch.
template <Into into>
static void fetch_bytes(std::uintptr_t address, std::int64_t bytes) {
    fetch_lines<into>(address, bytes);
    fetch_line<into>(address + static_cast<std::uintptr_t>(bytes - 1));
}

}  // namespace sonogaze
