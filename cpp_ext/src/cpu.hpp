#pragma once

#include <cstdint>

namespace sonogaze {

// What CPUID and XGETBV say; all zero on other architectures.
struct CpuBits {
    std::uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx;
    std::uint64_t saved;  // XCR0: which registers the operating system saves
};
const CpuBits& cpu_bits() noexcept;

// Whether CPU and operating system both support AVX2.
bool has_avx2(const CpuBits& cpu) noexcept;

// The same of AVX-512: F, BW, DQ, VL, VBMI and VNNI (Intel from Ice Lake on, AMD from Zen 4 on).
bool has_avx512(const CpuBits& cpu) noexcept;

// Vendor ("GenuineIntel", "AuthenticAMD", or ""), family and model, as CPUID tells them.
struct CpuName {
    char vendor[13];
    std::uint32_t family, model;
};
const CpuName& cpu_name() noexcept;

}  // namespace sonogaze
