#pragma once

#include "neon/decode.hpp"

namespace sonogaze::neon {

struct StatisticsLanes {
    // How many masks a MaskCount holds before its bytes overflow.
    static constexpr std::int64_t kMostBlocks = 255;

    struct ByteSum {
        uint64x2_t sums = vdupq_n_u64(0);
        void add(uint8x16_t bytes) { sums = vpadalq_u32(sums, vpaddlq_u16(vpaddlq_u8(bytes))); }
        std::uint64_t total() const { return vaddvq_u64(sums); }
    };

    // Counts bytes that are all ones.
    struct MaskCount {
        uint8x16_t counts = vdupq_n_u8(0);
        void add(uint8x16_t mask) { counts = vsubq_u8(counts, mask); }
        std::int64_t total() const { return vaddlvq_u8(counts); }
    };

    static uint8x16_t at_most(uint8x16_t bytes, uint8x16_t limit) { return vcleq_u8(bytes, limit); }
    static uint8x16_t both(uint8x16_t a, uint8x16_t b) { return vandq_u8(a, b); }

    // All ones in each byte that is at most its limit from neutral chroma.
    struct Distance {
        uint8x16_t limits;
        explicit Distance(std::uint8_t limit) : limits(vdupq_n_u8(limit)) {}
        uint8x16_t near(uint8x16_t chroma) const {
            return vcleq_u8(vabdq_u8(chroma, vdupq_n_u8(scalar::kNeutralChroma)), limits);
        }
    };

    // Calls mask(at) for whole blocks of the first n pixels and counts its ones.
    template <class Mask>
    static std::int64_t count_blocks(std::int64_t n, const Mask& mask) {
        constexpr std::int64_t kBlock = DecodeLanes::kBlock;
        constexpr std::int64_t kMost = kMostBlocks * kBlock;
        std::int64_t count = 0;
        for (std::int64_t x = 0; n - x >= kBlock;) {
            const std::int64_t end = n - x < kMost ? n : x + kMost;
            MaskCount masks;
            for (; x <= end - kBlock; x += kBlock) masks.add(mask(x));
            count += masks.total();
        }
        return count;
    }

    // Red and blue are bytes First and First + 2 of every RGB format, and it does not matter which
    // is which.
    template <int Size, int First>
    static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey,
                                    std::int64_t n, std::uint8_t limit) {
        const uint8x16_t limits = vdupq_n_u8(limit);
        const std::int64_t colored = count_blocks(n, [&](std::int64_t x) {
            const auto pixels = DecodeLanes::planes<Size>(src + x * Size);
            const uint8x16_t g = vld1q_u8(grey + x);
            return vcgtq_u8(
                vmaxq_u8(vabdq_u8(pixels.val[First], g), vabdq_u8(pixels.val[First + 2], g)),
                limits);
        });
        const std::int64_t x = n / DecodeLanes::kBlock * DecodeLanes::kBlock;
        return colored +
               scalar::colored_rgb<Size, First, First + 2>(src + x * Size, grey + x, n - x, limit);
    }

    // U and V by turns, Step / 2 bytes apart.
    template <int Step>
    static std::int64_t colored_packed(const ChromaRow& row, std::int64_t n,
                                       const ColorLimits& limits) {
        const bool u_first = row.u < row.v;
        const std::uint8_t* base = u_first ? row.u : row.v;
        const Distance first(static_cast<std::uint8_t>(u_first ? limits.cb : limits.cr));
        const Distance second(static_cast<std::uint8_t>(u_first ? limits.cr : limits.cb));
        // Leaves a sample to the end: its trailing luma byte may lie beyond the row.
        const std::int64_t whole = n > 0 ? (n - 1) / DecodeLanes::kBlock * DecodeLanes::kBlock : 0;
        const std::int64_t plain = count_blocks(whole, [&](std::int64_t x) {
            if constexpr (Step == 2) {
                const uint8x16x2_t bytes = vld2q_u8(base + x * Step);
                return vandq_u8(first.near(bytes.val[0]), second.near(bytes.val[1]));
            } else {
                const uint8x16x4_t bytes = vld4q_u8(base + x * Step);
                return vandq_u8(first.near(bytes.val[0]), second.near(bytes.val[2]));
            }
        });
        const ChromaRow rest{row.u + whole * Step, row.v + whole * Step};
        return whole - plain + scalar::colored_yuv<Step>(rest, n - whole, limits);
    }
};

}  // namespace sonogaze::neon
