#pragma once

#include "neon/lanes.hpp"

namespace sonogaze::neon {

static void set_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums, Soon soon) {
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        fetch(soon, x);
        const uint8x16_t g = vld1q_u8(grey + x);
        vst1q_u16(sums + x, vmovl_u8(vget_low_u8(g)));
        vst1q_u16(sums + x + 8, vmovl_high_u8(g));
    }
    for (; x < n; ++x) sums[x] = grey[x];
}

static void add_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums, Soon soon) {
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        fetch(soon, x);
        const uint8x16_t g = vld1q_u8(grey + x);
        vst1q_u16(sums + x, vaddw_u8(vld1q_u16(sums + x), vget_low_u8(g)));
        vst1q_u16(sums + x + 8, vaddw_high_u8(vld1q_u16(sums + x + 8), g));
    }
    for (; x < n; ++x) sums[x] = static_cast<std::uint16_t>(sums[x] + grey[x]);
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

constexpr std::int64_t kBytesPerCell = 8;  // to ask for while one cell is summed

static void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots,
                      Soon soon) {
    const auto one = [&](std::int64_t j) {
        return dot(sums + table.first[j], table.weights + j * table.taps, table.taps);
    };
    for (std::int64_t j = 0; j < table.cells; j += 4) {
        fetch(soon, kBytesPerCell * j);
        const int32x4_t low = vpaddq_s32(one(j), one(j + 1));
        const int32x4_t high = vpaddq_s32(one(j + 2), one(j + 3));
        vst1q_u32(dots + j, vreinterpretq_u32_s32(vpaddq_s32(low, high)));
    }
}

static void add_cells(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
                      std::uint64_t* cells) {
    for (std::int64_t j = 0; j < n; j += 2) {
        vst1q_u64(cells + j, vmlal_n_u32(vld1q_u64(cells + j), vld1_u32(dots + j), weight));
    }
}

static void normalise(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
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
