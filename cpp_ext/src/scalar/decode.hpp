#pragma once

#include "sonogaze/kernels.hpp"

namespace sonogaze::scalar {

extern const std::array<Kernels::Decode, kFormats> kDecode;

// Luma of Rec. 601-7 clause 2.5.1 in 15-bit fixed point; the three weights sum to 2^15, so that a
// grey pixel keeps its value.
constexpr std::int32_t kLumaR = 9798;
constexpr std::int32_t kLumaG = 19235;
constexpr std::int32_t kLumaB = 3735;
constexpr std::int32_t kLumaShift = 15;

inline std::uint8_t luma(std::int32_t r, std::int32_t g, std::int32_t b) {
    const std::int32_t half = 1 << (kLumaShift - 1);
    return static_cast<std::uint8_t>((kLumaR * r + kLumaG * g + kLumaB * b + half) >> kLumaShift);
}

inline std::uint8_t clip(std::uint8_t code, const DecodeParams& p) {
    return code < p.low ? p.low : (code > p.high ? p.high : code);
}

// Rounded (v - low) * 255 / (high - low), v clipped to low..high.
inline std::uint8_t window(std::uint32_t v, const DecodeParams& p) {
    const std::uint32_t clipped =
        v < p.window_low ? p.window_low : (v > p.window_high ? p.window_high : v);
    return static_cast<std::uint8_t>(
        ((clipped - p.window_low) * p.window_scale + (std::uint32_t{1} << 23)) >> 24);
}

}  // namespace sonogaze::scalar
