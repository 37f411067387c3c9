#include "cpu.hpp"

#include <cstring>

#if defined(_M_X64) || defined(_M_IX86)
#include <intrin.h>
#define SONOGAZE_CPUID
#elif defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define SONOGAZE_CPUID
#endif

namespace sonogaze {

namespace {

bool has(std::uint64_t bits, std::uint64_t wanted) noexcept { return (bits & wanted) == wanted; }

}  // namespace

bool has_avx2(const CpuBits& cpu) noexcept {
    constexpr std::uint32_t kPopcnt = 1U << 23;  // leaf 1, ECX
    constexpr std::uint32_t kAvx2 = 1U << 5;     // leaf 7, EBX
    constexpr std::uint64_t kYmm = 0x06;         // SSE and AVX state
    return has(cpu.saved, kYmm) && has(cpu.leaf1_ecx, kPopcnt) && has(cpu.leaf7_ebx, kAvx2);
}

bool has_avx512(const CpuBits& cpu) noexcept {
    constexpr std::uint32_t kEbx = 1U << 16 | 1U << 17 | 1U << 30 | 1U << 31;  // F, DQ, BW, VL
    constexpr std::uint32_t kEcx = 1U << 1 | 1U << 11;                         // VBMI, VNNI
    constexpr std::uint64_t kZmm = 0xE6;  // and opmask, upper halves, upper sixteen
    return has_avx2(cpu) && has(cpu.saved, kZmm) && has(cpu.leaf7_ebx, kEbx) &&
           has(cpu.leaf7_ecx, kEcx);
}

#ifdef SONOGAZE_CPUID

namespace {

struct Leaf {
    std::uint32_t a, b, c, d;
};

// All zero where the CPU has no such leaf.
Leaf leaf_of(std::uint32_t number) noexcept {
    Leaf leaf{};
#if defined(_MSC_VER)
    int r[4];
    __cpuid(r, 0);
    if (static_cast<std::uint32_t>(r[0]) < number) return leaf;
    __cpuidex(r, static_cast<int>(number), 0);
    for (int i = 0; i < 4; ++i) (&leaf.a)[i] = static_cast<std::uint32_t>(r[i]);
#else
    __get_cpuid_count(number, 0, &leaf.a, &leaf.b, &leaf.c, &leaf.d);
#endif
    return leaf;
}

// XCR0: which registers the operating system saves when it switches threads; 0 if it says nothing.
std::uint64_t saved_state() noexcept {
    constexpr std::uint32_t kSays = 1U << 27;  // ECX: OSXSAVE
    if ((leaf_of(1).c & kSays) == 0) return 0;
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return std::uint64_t{high} << 32 | low;
#endif
}

CpuBits find_bits() noexcept {
    const Leaf features = leaf_of(7);
    return {leaf_of(1).c, features.b, features.c, saved_state()};
}

CpuName find_name() noexcept {
    CpuName name{};
    const Leaf first = leaf_of(0);
    const std::uint32_t letters[3] = {first.b, first.d, first.c};
    std::memcpy(name.vendor, letters, 12);
    const std::uint32_t version = leaf_of(1).a;
    const std::uint32_t family = version >> 8 & 0xF;
    const bool extended = family == 0xF || family == 6;
    name.family = family + (family == 0xF ? version >> 20 & 0xFF : 0);
    name.model = (version >> 4 & 0xF) + (extended ? (version >> 16 & 0xF) << 4 : 0);
    return name;
}

}  // namespace

// Under a hypervisor each question costs tens of microseconds, so all are asked once.
const CpuBits& cpu_bits() noexcept {
    static const CpuBits found = find_bits();
    return found;
}

const CpuName& cpu_name() noexcept {
    static const CpuName found = find_name();
    return found;
}

#else

const CpuBits& cpu_bits() noexcept {
    static const CpuBits none{};
    return none;
}

const CpuName& cpu_name() noexcept {
    static const CpuName none{};
    return none;
}

#endif

}  // namespace sonogaze
