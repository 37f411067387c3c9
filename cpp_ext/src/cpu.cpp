#include "cpu.hpp"

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <intrin.h>
#endif

namespace sonogaze {

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))

bool has_avx2() noexcept {
    int leaf[4];
    __cpuid(leaf, 0);
    if (leaf[0] < 7) return false;
    __cpuid(leaf, 1);
    constexpr int kSavesState = 1 << 27;  // ECX: OSXSAVE
    if ((leaf[2] & kSavesState) == 0) return false;
    constexpr unsigned long long kXmmYmm = 6;  // XCR0: SSE and AVX state
    if ((_xgetbv(0) & kXmmYmm) != kXmmYmm) return false;
    __cpuidex(leaf, 7, 0);
    return (leaf[1] & (1 << 5)) != 0;  // EBX: AVX2
}

#elif defined(__x86_64__) || defined(__i386__)

bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") != 0; }

#else

bool has_avx2() noexcept { return false; }

#endif

}  // namespace sonogaze
