#pragma once

#include "neon/lanes.hpp"
#include "scalar/rows.hpp"

// Counts for the quality gate. Each is exact, whatever the block size.
namespace sonogaze::neon {

// Counts bytes that were all ones. A byte holds 255 of them: the counter empties itself in time.
class MaskCounter {
  public:
    void add(uint8x16_t mask) {
        counts_ = vsubq_u8(counts_, mask);
        if (++added_ == 255) empty();
    }
    std::int64_t total() {
        empty();
        return total_;
    }

  private:
    void empty() {
        total_ += vaddlvq_u8(counts_);
        counts_ = vdupq_n_u8(0);
        added_ = 0;
    }

    uint8x16_t counts_ = vdupq_n_u8(0);
    int added_ = 0;
    std::int64_t total_ = 0;
};

static void count_levels(const std::uint8_t* grey, std::int64_t n, const LevelLimits& limits,
                         LevelCounts& counts) {
    const uint8x16_t black = vdupq_n_u8(limits.black);
    const uint8x16_t saturated = vdupq_n_u8(limits.saturated);
    MaskCounter dark;
    MaskCounter bright;
    uint32x4_t sums = vdupq_n_u32(0);
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        const uint8x16_t g = vld1q_u8(grey + x);
        sums = vpadalq_u16(sums, vpaddlq_u8(g));
        dark.add(vcleq_u8(g, black));
        bright.add(vcgeq_u8(g, saturated));
    }
    counts.sum += vaddvq_u32(sums);
    counts.black += dark.total();
    counts.saturated += bright.total();
    for (; x < n; ++x) {
        counts.sum += grey[x];
        counts.black += grey[x] <= limits.black;
        counts.saturated += grey[x] >= limits.saturated;
    }
}

template <int Size, int R, int B>
static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey, std::int64_t n,
                                std::uint8_t limit) {
    const uint8x16_t limits = vdupq_n_u8(limit);
    MaskCounter colored;
    const auto count = [&](uint8x16_t r, uint8x16_t b, uint8x16_t g) {
        colored.add(vcgtq_u8(vmaxq_u8(vabdq_u8(r, g), vabdq_u8(b, g)), limits));
    };
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        const uint8x16_t g = vld1q_u8(grey + x);
        if constexpr (Size == 3) {
            const uint8x16x3_t pixels = vld3q_u8(src + x * Size);
            count(pixels.val[R], pixels.val[B], g);
        } else {
            const uint8x16x4_t pixels = vld4q_u8(src + x * Size);
            count(pixels.val[R], pixels.val[B], g);
        }
    }
    return colored.total() +
           scalar::colored_rgb<Size, R, B>(src + x * Size, grey + x, n - x, limit);
}

template <int Step>
struct ChromaBlock {
    uint8x16_t u, v;
};

// Sixteen samples. Reads one luma byte beyond the last sample where Step is 4.
template <int Step>
static inline ChromaBlock<Step> chroma_block(const ChromaRow& row, std::int64_t x) {
    if constexpr (Step == 1) {
        return {vld1q_u8(row.u + x), vld1q_u8(row.v + x)};
    } else {
        const bool u_first = row.u < row.v;
        const std::uint8_t* base = (u_first ? row.u : row.v) + x * Step;
        uint8x16_t first, second;
        if constexpr (Step == 2) {
            const uint8x16x2_t bytes = vld2q_u8(base);
            first = bytes.val[0];
            second = bytes.val[1];
        } else {
            const uint8x16x4_t bytes = vld4q_u8(base);
            first = bytes.val[0];
            second = bytes.val[2];
        }
        return u_first ? ChromaBlock<Step>{first, second} : ChromaBlock<Step>{second, first};
    }
}

template <int Step>
static std::int64_t colored_yuv(const ChromaRow& row, std::int64_t n, const ColorLimits& limits) {
    const uint8x16_t neutral = vdupq_n_u8(scalar::kNeutralChroma);
    const uint8x16_t cb = vdupq_n_u8(limits.cb);
    const uint8x16_t cr = vdupq_n_u8(limits.cr);
    MaskCounter colored;
    std::int64_t x = 0;
    for (; x < n - kBlock; x += kBlock) {  // leaves a sample, for the byte beyond
        const ChromaBlock<Step> block = chroma_block<Step>(row, x);
        colored.add(vorrq_u8(vcgtq_u8(vabdq_u8(block.u, neutral), cb),
                             vcgtq_u8(vabdq_u8(block.v, neutral), cr)));
    }
    const ChromaRow rest{row.u + x * Step, row.v + x * Step};
    return colored.total() + scalar::colored_yuv<Step>(rest, n - x, limits);
}

}  // namespace sonogaze::neon
