#pragma once

#include "neon/lanes.hpp"
#include "scalar/rows.hpp"

// Rows to grey, 16 pixels at a time. A row's end repeats some pixels of the block before it
// rather than reading beyond the row; shorter rows are left to the scalar kernels.
namespace sonogaze::neon {

static inline uint16x4_t luma_of(uint16x4_t r, uint16x4_t g, uint16x4_t b) {
    uint32x4_t sum = vmull_n_u16(r, scalar::kLumaR);
    sum = vmlal_n_u16(sum, g, scalar::kLumaG);
    sum = vmlal_n_u16(sum, b, scalar::kLumaB);
    return vrshrn_n_u32(sum, scalar::kLumaShift);
}

static inline uint8x8_t luma_of(uint8x8_t r, uint8x8_t g, uint8x8_t b) {
    const uint16x8_t r16 = vmovl_u8(r);
    const uint16x8_t g16 = vmovl_u8(g);
    const uint16x8_t b16 = vmovl_u8(b);
    const uint16x4_t low = luma_of(vget_low_u16(r16), vget_low_u16(g16), vget_low_u16(b16));
    const uint16x4_t high = luma_of(vget_high_u16(r16), vget_high_u16(g16), vget_high_u16(b16));
    return vmovn_u16(vcombine_u16(low, high));
}

template <int Size, int R, int G, int B>
static inline void rgb_block(const std::uint8_t* src, std::uint8_t* grey) {
    uint8x16_t r, g, b;
    if constexpr (Size == 3) {
        const uint8x16x3_t pixels = vld3q_u8(src);
        r = pixels.val[R];
        g = pixels.val[G];
        b = pixels.val[B];
    } else {
        const uint8x16x4_t pixels = vld4q_u8(src);
        r = pixels.val[R];
        g = pixels.val[G];
        b = pixels.val[B];
    }
    const uint8x8_t low = luma_of(vget_low_u8(r), vget_low_u8(g), vget_low_u8(b));
    const uint8x8_t high = luma_of(vget_high_u8(r), vget_high_u8(g), vget_high_u8(b));
    vst1q_u8(grey, vcombine_u8(low, high));
}

template <int Size, int R, int G, int B>
static void rgb(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                const DecodeParams& p) {
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        rgb_block<Size, R, G, B>(src + x * Size, grey + x);
    }
    if (x < n && n >= kBlock) {
        rgb_block<Size, R, G, B>(src + (n - kBlock) * Size, grey + n - kBlock);
        return;
    }
    scalar::rgb<Size, R, G, B>(src + x * Size, n - x, grey + x, p);
}

static inline uint8x16_t clip(uint8x16_t codes, const DecodeParams& p) {
    return vminq_u8(vmaxq_u8(codes, vdupq_n_u8(p.low)), vdupq_n_u8(p.high));
}

template <int Offset>
static void packed_yuv(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                       const DecodeParams& p) {
    const auto block = [&](std::int64_t x) {
        vst1q_u8(grey + x, clip(vld2q_u8(src + 2 * x).val[Offset], p));
    };
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        block(x);
    }
    if (x < n && n >= kBlock) {
        block(n - kBlock);
        return;
    }
    scalar::packed_yuv<Offset>(src + 2 * x, n - x, grey + x, p);
}

static void clip_luma(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                      const DecodeParams& p) {
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        vst1q_u8(grey + x, clip(vld1q_u8(src + x), p));
    }
    if (x < n && n >= kBlock) {
        vst1q_u8(grey + n - kBlock, clip(vld1q_u8(src + n - kBlock), p));
        return;
    }
    scalar::clip_luma(src + x, n - x, grey + x, p);
}

static inline uint16x4_t window_levels(uint16x4_t counts, uint32x4_t scale) {
    return vmovn_u32(vrshrq_n_u32(vmulq_u32(vmovl_u16(counts), scale), 24));
}

static inline uint8x8_t window_eight(const std::uint8_t* src, const DecodeParams& p) {
    const uint16x8_t low = vdupq_n_u16(p.window_low);
    const uint16x8_t raised = vmaxq_u16(vreinterpretq_u16_u8(vld1q_u8(src)), low);
    const uint16x8_t counts = vsubq_u16(vminq_u16(raised, vdupq_n_u16(p.window_high)), low);
    const uint32x4_t scale = vdupq_n_u32(p.window_scale);
    return vmovn_u16(vcombine_u16(window_levels(vget_low_u16(counts), scale),
                                  window_levels(vget_high_u16(counts), scale)));
}

static void gray16(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                   const DecodeParams& p) {
    std::int64_t x = 0;
    for (; x <= n - 8; x += 8) {
        vst1_u8(grey + x, window_eight(src + 2 * x, p));
    }
    scalar::gray16(src + 2 * x, n - x, grey + x, p);
}

}  // namespace sonogaze::neon
