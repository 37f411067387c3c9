#pragma once

#include <arm_neon.h>

#include "sonogaze/kernels.hpp"

namespace sonogaze::neon {

struct WeighLanes {
    using Sums = uint16x8x2_t;  // of 16 columns

    static void store_sums(std::uint16_t* dst, const Sums& sums) {
        vst1q_u16(dst, sums.val[0]);
        vst1q_u16(dst + 8, sums.val[1]);
    }

    template <int Count>
    struct PairWeights {
        uint8x8_t weights[2 * Count];

        explicit PairWeights(const RowPair* pairs) {
            for (int r = 0; r < 2 * Count; ++r) {
                weights[r] = vdup_n_u8(pairs[r / 2].weights[r % 2]);
            }
        }

        template <bool Onto>
        Sums sums(const RowPair* pairs, std::int64_t x, const std::uint16_t* before) const {
            Sums sum = {vdupq_n_u16(0), vdupq_n_u16(0)};
            if constexpr (Onto) sum = {vld1q_u16(before), vld1q_u16(before + 8)};
            for (int r = 0; r < 2 * Count; ++r) {
                const uint8x16_t grey = vld1q_u8(pairs[r / 2].rows[r % 2] + x);
                sum.val[0] = vmlal_u8(sum.val[0], vget_low_u8(grey), weights[r]);
                sum.val[1] = vmlal_u8(sum.val[1], vget_high_u8(grey), weights[r]);
            }
            return sum;
        }
    };

    static uint16x8_t multiply_add(uint16x8_t sum, uint16x8_t codes, std::uint16_t weight) {
        return vmlaq_n_u16(sum, codes, weight);
    }
};

}  // namespace sonogaze::neon
