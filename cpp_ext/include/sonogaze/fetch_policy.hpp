#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonogaze/kernels.hpp"

namespace sonogaze {

// How far ahead rows are fetched, and into which cache. Speed alone depends on it, never a bit of
// a result. docs/kernel.md says what was measured on which CPU.
struct FetchPolicy {
    const char* name;
    Into into;
    // Where pixels are decoded: as many rows as make up these bytes, to the nearest, from 1 to the
    // most; halved_bytes where Readers::halved_pixel_bytes applies. Where grey is used as it lies:
    // so many rows. 0: none is fetched.
    std::int64_t decoded_bytes, halved_bytes, decoded_most, in_place;
};

// The policy called name, or that of this machine's CPU for "". Throws Error("fetch-unknown").
const FetchPolicy& select_fetch(const std::string& name);

// Name of the policy of a CPU, by CPUID's vendor and family.
const char* fetch_of(const std::string& vendor, std::uint32_t family) noexcept;

std::vector<std::string> fetch_policies();

}  // namespace sonogaze
