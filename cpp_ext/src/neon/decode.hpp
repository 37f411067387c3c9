#pragma once

#include <arm_neon.h>

#include <cstring>

#include "scalar/rows.hpp"

namespace sonogaze::neon {

struct DecodeLanes {
    using Bytes = uint8x16_t;
    static constexpr std::int64_t kBlock = 16;

    static Bytes load(const std::uint8_t* src) { return vld1q_u8(src); }
    // The first so many bytes, kBlock at most, and zeros.
    static Bytes load_some(const std::uint8_t* src, std::int64_t count) {
        std::uint8_t bytes[kBlock] = {};
        std::memcpy(bytes, src, static_cast<std::size_t>(count < kBlock ? count : kBlock));
        return load(bytes);
    }
    static void store(std::uint8_t* dst, Bytes bytes) { vst1q_u8(dst, bytes); }
    static Bytes splat(std::uint8_t byte) { return vdupq_n_u8(byte); }
    static Bytes min(Bytes a, Bytes b) { return vminq_u8(a, b); }
    static Bytes max(Bytes a, Bytes b) { return vmaxq_u8(a, b); }

    static uint16x8_t load_words(const std::uint8_t* src) {
        return vreinterpretq_u16_u8(vld1q_u8(src));
    }
    static uint16x8_t load_words(const std::uint16_t* src) { return vld1q_u16(src); }
    static void store_words(std::uint16_t* dst, uint16x8_t words) { vst1q_u16(dst, words); }
    static uint16x8_t splat_words(std::uint16_t word) { return vdupq_n_u16(word); }
    static uint16x8_t min_words(uint16x8_t a, uint16x8_t b) { return vminq_u16(a, b); }
    static uint16x8_t max_words(uint16x8_t a, uint16x8_t b) { return vmaxq_u16(a, b); }

    struct Shift {
        int16x8_t bits;  // to the left
        explicit Shift(int shift) : bits(vdupq_n_s16(static_cast<std::int16_t>(-shift))) {}
        uint16x8_t operator()(uint16x8_t words) const { return vshlq_u16(words, bits); }
    };

    // The even or the odd ones of 32 bytes.
    template <int Offset>
    static Bytes every_other(const std::uint8_t* src) {
        return vld2q_u8(src).val[Offset];
    }

    // Pixels that must follow a block.
    template <int Size>
    static constexpr std::int64_t spare = 0;

    // One plane for each byte of 16 pixels.
    template <int Size>
    static auto planes(const std::uint8_t* src) {
        if constexpr (Size == 3) {
            return vld3q_u8(src);
        } else {
            return vld4q_u8(src);
        }
    }

    // Luma of 16 pixels.
    template <int Size, int R, int G, int B>
    static Bytes luma(const std::uint8_t* src) {
        const auto pixels = planes<Size>(src);
        const uint8x16_t r = pixels.val[R];
        const uint8x16_t g = pixels.val[G];
        const uint8x16_t b = pixels.val[B];
        return vcombine_u8(luma_of(vget_low_u8(r), vget_low_u8(g), vget_low_u8(b)),
                           luma_of(vget_high_u8(r), vget_high_u8(g), vget_high_u8(b)));
    }

    static uint16x4_t luma_of(uint16x4_t r, uint16x4_t g, uint16x4_t b) {
        uint32x4_t sum = vmull_n_u16(r, scalar::kLumaR);
        sum = vmlal_n_u16(sum, g, scalar::kLumaG);
        sum = vmlal_n_u16(sum, b, scalar::kLumaB);
        return vrshrn_n_u32(sum, scalar::kLumaShift);
    }

    static uint8x8_t luma_of(uint8x8_t r, uint8x8_t g, uint8x8_t b) {
        const uint16x8_t r16 = vmovl_u8(r);
        const uint16x8_t g16 = vmovl_u8(g);
        const uint16x8_t b16 = vmovl_u8(b);
        const uint16x4_t low = luma_of(vget_low_u16(r16), vget_low_u16(g16), vget_low_u16(b16));
        const uint16x4_t high = luma_of(vget_high_u16(r16), vget_high_u16(g16), vget_high_u16(b16));
        return vmovn_u16(vcombine_u16(low, high));
    }

    // GRAY16.
    struct Window {
        uint16x8_t low, high;
        uint32x4_t scale;

        explicit Window(const DecodeParams& p)
            : low(vdupq_n_u16(p.window_low)),
              high(vdupq_n_u16(p.window_high)),
              scale(vdupq_n_u32(p.window_scale)) {}

        Bytes levels(const std::uint8_t* src) const {
            return vcombine_u8(eight(src), eight(src + 16));
        }
        uint8x8_t eight(const std::uint8_t* src) const {
            const uint16x8_t clipped = vminq_u16(vmaxq_u16(load_words(src), low), high);
            const uint16x8_t counts = vsubq_u16(clipped, low);
            return vmovn_u16(vcombine_u16(four(vget_low_u16(counts)), four(vget_high_u16(counts))));
        }
        uint16x4_t four(uint16x4_t counts) const {
            return vmovn_u32(vrshrq_n_u32(vmulq_u32(vmovl_u16(counts), scale), 24));
        }
    };
};

}  // namespace sonogaze::neon
