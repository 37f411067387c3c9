#pragma once

#include "sonogaze/kernels.hpp"

// Row kernels in plain C++: the specification, and the ends of rows in every other set. `static`
// keeps one copy for each file, compiled for that file's instruction set.
namespace sonogaze::scalar {

// Luma of Rec. ITU-R BT.601-7, 2.5.1, in 15-bit fixed point. The weights sum to 2^15, so that a
// grey pixel keeps its value.
constexpr std::int32_t kLumaR = 9798;
constexpr std::int32_t kLumaG = 19235;
constexpr std::int32_t kLumaB = 3735;
constexpr std::int32_t kLumaShift = 15;
constexpr std::int32_t kLumaHalf = 1 << (kLumaShift - 1);
constexpr std::int32_t kNeutralChroma = 128;

static inline std::int32_t luma(std::int32_t r, std::int32_t g, std::int32_t b) {
    return (kLumaR * r + kLumaG * g + kLumaB * b + kLumaHalf) >> kLumaShift;
}

static inline std::uint8_t clip(std::uint8_t code, const DecodeParams& p) {
    return code < p.low ? p.low : (code > p.high ? p.high : code);
}

// R, G and B are byte offsets within a pixel of Size bytes.
template <int Size, int R, int G, int B>
static void rgb(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey, const DecodeParams&) {
    for (std::int64_t x = 0; x < n; ++x, src += Size) {
        grey[x] = static_cast<std::uint8_t>(luma(src[R], src[G], src[B]));
    }
}

// Luma at byte Offset of each pair of bytes.
template <int Offset>
static void packed_yuv(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                       const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[2 * x + Offset], p);
}

[[maybe_unused]] static void clip_luma(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                                       const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[x], p);
}

// (v - low) * 255 / (high - low) to the nearest level, v clipped to low..high.
[[maybe_unused]] static void gray16(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                                    const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x, src += 2) {
        const auto v = static_cast<std::uint32_t>(src[0] | src[1] << 8);
        const std::uint32_t raised = v < p.window_low ? p.window_low : v;
        const std::uint32_t clipped = raised > p.window_high ? p.window_high : raised;
        const std::uint32_t level = (clipped - p.window_low) * p.window_scale;
        grey[x] = static_cast<std::uint8_t>((level + (std::uint32_t{1} << 23)) >> 24);
    }
}

// One pair at a time, in 16 bits: compilers turn that into vectors of their own accord.
[[maybe_unused]] static void weigh_rows(const RowPair* pairs, std::int64_t count, std::int64_t n,
                                        std::uint16_t* sums, bool onto, std::int64_t = 0) {
    for (std::int64_t p = 0; p < count; ++p) {
        const std::uint8_t* a = pairs[p].rows[0];
        const std::uint8_t* b = pairs[p].rows[1];
        const std::uint16_t weight_a = pairs[p].weights[0];
        const std::uint16_t weight_b = pairs[p].weights[1];
        const std::uint16_t keep = p > 0 || onto ? 1 : 0;
        for (std::int64_t x = 0; x < n; ++x) {
            sums[x] =
                static_cast<std::uint16_t>(keep * sums[x] + weight_a * a[x] + weight_b * b[x]);
        }
    }
}

static inline bool beyond(std::int32_t value, std::int32_t centre, std::int32_t limit) {
    const std::int32_t distance = value - centre;
    return distance > limit || -distance > limit;
}

template <int Size, int R, int B>
static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey, std::int64_t n,
                                std::uint8_t limit) {
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < n; ++x, src += Size) {
        count += beyond(src[R], grey[x], limit) || beyond(src[B], grey[x], limit);
    }
    return count;
}

// Chroma samples lie Step bytes apart.
template <int Step>
static std::int64_t colored_yuv(const ChromaRow& row, std::int64_t n, const ColorLimits& limits) {
    const std::uint8_t* u = row.u;
    const std::uint8_t* v = row.v;
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < n; ++x, u += Step, v += Step) {
        count += beyond(*u, kNeutralChroma, limits.cb) || beyond(*v, kNeutralChroma, limits.cr);
    }
    return count;
}

}  // namespace sonogaze::scalar
