#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "sonogaze/kernels.hpp"

namespace sonogaze::neon {

struct CellLanes {
    static constexpr std::int64_t kCells = 4;
    static constexpr std::int64_t kDoubles = 2;

    static void store_dots(std::uint32_t* dst, int32x4_t dots) {
        vst1q_u32(dst, vreinterpretq_u32_s32(dots));
    }

    // Four cells of 4 taps.
    static int32x4_t dots_4(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        const std::int32_t* first = table.first + at;
        const std::int16_t* weights = table.weights + 4 * at;
        const std::uint8_t* pairs = table.pairs + 8 * at;
        const auto two = [&](int j) {  // half sums of cells j and j + 1
            const uint8x16_t columns = vreinterpretq_u8_u16(vld1q_u16(sums + first[j]));
            const int16x8_t taps =
                vreinterpretq_s16_u8(vqtbl1q_u8(columns, vld1q_u8(pairs + 8 * j)));
            const int16x8_t w = vld1q_s16(weights + 4 * j);
            return vpaddq_s32(vmull_s16(vget_low_s16(taps), vget_low_s16(w)),
                              vmull_high_s16(taps, w));
        };
        return vpaddq_s32(two(0), two(2));
    }

    static int32x4_t dots_8(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        return dots_of(sums, table.first + at, table.weights + 8 * at, 8);
    }
    static int32x4_t dots_wide(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        return dots_of(sums, table.first + at, table.weights + table.taps * at, table.taps);
    }

    // Four cells of a multiple of 8 taps.
    static int32x4_t dots_of(const std::uint16_t* sums, const std::int32_t* first,
                             const std::int16_t* weights, std::int64_t taps) {
        const auto one = [&](int j) { return dot(sums + first[j], weights + taps * j, taps); };
        return vpaddq_s32(vpaddq_s32(one(0), one(1)), vpaddq_s32(one(2), one(3)));
    }

    // Partial sums of one cell. No column sum is above 32640, so that it is a signed number too.
    static int32x4_t dot(const std::uint16_t* columns, const std::int16_t* weights,
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

    struct Weight {
        std::uint32_t weight;
        explicit Weight(std::uint32_t given) : weight(given) {}
        void add(const std::uint32_t* dots, std::uint64_t* cells) const {
            vst1q_u64(cells, vmlal_n_u32(vld1q_u64(cells), vld1_u32(dots), weight));
        }
    };

    static float64x2_t splat_double(double value) { return vdupq_n_f64(value); }

    static float64x2_t doubles(const std::uint32_t* cells) {
        return vcvtq_f64_u64(vmovl_u32(vld1_u32(cells)));
    }
    static float64x2_t doubles(const std::uint64_t* cells) {
        return vcvtq_f64_u64(vld1q_u64(cells));
    }

    static float64x2_t scaled(float64x2_t values, float64x2_t scales, float64x2_t biases) {
        return vaddq_f64(vmulq_f64(values, scales), biases);
    }

    static void store_floats(float* out, float64x2_t values) {
        vst1_f32(out, vcvt_f32_f64(values));
    }
};

}  // namespace sonogaze::neon
