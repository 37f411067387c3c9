#pragma once

#include "fetch.hpp"
#include "neon/lanes.hpp"
#include "scalar/rows.hpp"

namespace sonogaze::neon {

template <int Count>
static void weigh(const RowPair* pairs, std::int64_t n, std::uint16_t* sums, bool onto,
                  std::int64_t ahead) {
    uint8x8_t weights[2 * Count];
    for (int r = 0; r < 2 * Count; ++r) weights[r] = vdup_n_u8(pairs[r / 2].weights[r % 2]);
    const auto block = [&](std::int64_t x) -> uint16x8x2_t {
        uint16x8x2_t sum = {vdupq_n_u16(0), vdupq_n_u16(0)};
        if (onto) sum = {vld1q_u16(sums + x), vld1q_u16(sums + x + 8)};
        for (int r = 0; r < 2 * Count; ++r) {
            const uint8x16_t grey = vld1q_u8(pairs[r / 2].rows[r % 2] + x);
            sum.val[0] = vmlal_u8(sum.val[0], vget_low_u8(grey), weights[r]);
            sum.val[1] = vmlal_u8(sum.val[1], vget_high_u8(grey), weights[r]);
        }
        return sum;
    };
    const auto put = [&](std::int64_t x, const uint16x8x2_t& sum) {
        vst1q_u16(sums + x, sum.val[0]);
        vst1q_u16(sums + x + 8, sum.val[1]);
    };
    // The last block is summed first and stored last: it may share columns with the one before.
    const uint16x8x2_t last = block(n - kBlock);
    for (std::int64_t x = 0; x < n - kBlock; x += kBlock) {
        if (ahead != 0) fetch_below(pairs, Count, x, ahead);
        put(x, block(x));
    }
    if (ahead != 0) fetch_below(pairs, Count, n - 1, ahead);
    put(n - kBlock, last);
}

static void weigh_rows(const RowPair* pairs, std::int64_t count, std::int64_t n,
                       std::uint16_t* sums, bool onto, std::int64_t ahead) {
    if (n < kBlock) {
        scalar::weigh_rows(pairs, count, n, sums, onto);
    } else if (count == 1) {
        weigh<1>(pairs, n, sums, onto, ahead);
    } else {
        weigh<2>(pairs, n, sums, onto, ahead);
    }
}

// Partial sums of one cell. No column sum is above 32640, so that it is a signed number too.
static inline int32x4_t dot(const std::uint16_t* columns, const std::int16_t* weights,
                            std::int64_t taps) {
    int32x4_t sum = vdupq_n_s32(0);
    for (std::int64_t k = 0; k < taps; k += 8) {
        const int16x8_t c = vreinterpretq_s16_u16(vld1q_u16(columns + k));
        const int16x8_t w = vld1q_s16(weights + k);
        sum = vmlal_s16(sum, vget_low_s16(c), vget_low_s16(w));
        sum = vmlal_high_s16(sum, c, w);
    }
    return sum;
}

// Four cells of 4 taps.
static inline int32x4_t dots_4(const std::uint16_t* sums, const std::int32_t* first,
                               const std::int16_t* weights, const std::uint8_t* pairs) {
    const auto two = [&](int j) {  // half sums of cells j and j + 1
        const uint8x16_t columns = vreinterpretq_u8_u16(vld1q_u16(sums + first[j]));
        const int16x8_t taps = vreinterpretq_s16_u8(vqtbl1q_u8(columns, vld1q_u8(pairs + 8 * j)));
        const int16x8_t w = vld1q_s16(weights + 4 * j);
        return vpaddq_s32(vmull_s16(vget_low_s16(taps), vget_low_s16(w)), vmull_high_s16(taps, w));
    };
    return vpaddq_s32(two(0), two(2));
}

static void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots) {
    const auto one = [&](std::int64_t j) {
        return dot(sums + table.first[j], table.weights + j * table.taps, table.taps);
    };
    for (std::int64_t j = 0; j < table.cells; j += 4) {
        const int32x4_t four =
            table.taps == 4
                ? dots_4(sums, table.first + j, table.weights + 4 * j, table.pairs + 8 * j)
                : vpaddq_s32(vpaddq_s32(one(j), one(j + 1)), vpaddq_s32(one(j + 2), one(j + 3)));
        vst1q_u32(dots + j, vreinterpretq_u32_s32(four));
    }
}

static void add_cells(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
                      std::uint64_t* cells) {
    for (std::int64_t j = 0; j < n; j += 2) {
        vst1q_u64(cells + j, vmlal_n_u32(vld1q_u64(cells + j), vld1_u32(dots + j), weight));
    }
}

static void normalise(const std::uint32_t* cells, std::int64_t n, double scale, double bias,
                      float* out) {
    const float64x2_t scales = vdupq_n_f64(scale);
    const float64x2_t biases = vdupq_n_f64(bias);
    std::int64_t j = 0;
    for (; j <= n - 2; j += 2) {
        const float64x2_t value = vcvtq_f64_u64(vmovl_u32(vld1_u32(cells + j)));
        vst1_f32(out + j, vcvt_f32_f64(vaddq_f64(vmulq_f64(value, scales), biases)));
    }
    for (; j < n; ++j) out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
}

static void normalise_wide(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
                           float* out) {
    const float64x2_t scales = vdupq_n_f64(scale);
    const float64x2_t biases = vdupq_n_f64(bias);
    std::int64_t j = 0;
    for (; j <= n - 2; j += 2) {
        const float64x2_t value = vcvtq_f64_u64(vld1q_u64(cells + j));
        vst1_f32(out + j, vcvt_f32_f64(vaddq_f64(vmulq_f64(value, scales), biases)));
    }
    for (; j < n; ++j) out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
}

static std::uint64_t sum_bytes(const std::uint8_t* src, std::int64_t n) {
    uint64x2_t sums = vdupq_n_u64(0);
    std::int64_t i = 0;
    for (; i <= n - kBlock; i += kBlock) {
        sums = vpadalq_u32(sums, vpaddlq_u16(vpaddlq_u8(vld1q_u8(src + i))));
    }
    std::uint64_t sum = vaddvq_u64(sums);
    for (; i < n; ++i) sum += src[i];
    return sum;
}

}  // namespace sonogaze::neon
