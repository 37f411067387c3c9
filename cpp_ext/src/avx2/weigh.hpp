#pragma once

#include "avx2/vector.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze::avx2 {

struct WeighLanes {
    // Sums of 32 columns: in order, or those of columns 0..7 and 16..23 and of the other ones.
    struct Sums {
        __m256i low, high;
    };

    static void store_sums(std::uint16_t* dst, const Sums& sums) {
        store(dst, sums.low);
        store(dst + 16, sums.high);
    }

    template <int Count>
    struct PairWeights {
        __m256i weights[Count];

        explicit PairWeights(const RowPair* pairs) {
            for (int i = 0; i < Count; ++i) {
                const std::uint8_t* w = pairs[i].weights;
                weights[i] = _mm256_set1_epi16(static_cast<std::int16_t>(w[0] | w[1] << 8));
            }
        }

        template <bool Onto>
        Sums sums(const RowPair* pairs, std::int64_t x, const std::uint16_t* before) const {
            Sums sum = weigh_pair(pairs[0], x, weights[0]);
            if constexpr (Count == 2) sum = added(sum, weigh_pair(pairs[1], x, weights[1]));
            const Sums ordered{_mm256_permute2x128_si256(sum.low, sum.high, 0x20),
                               _mm256_permute2x128_si256(sum.low, sum.high, 0x31)};
            if constexpr (!Onto) return ordered;
            return added(ordered, {load(before), load(before + 16)});
        }
    };

    static Sums added(const Sums& a, const Sums& b) {
        return {_mm256_add_epi16(a.low, b.low), _mm256_add_epi16(a.high, b.high)};
    }

    static Sums weigh_pair(const RowPair& pair, std::int64_t x, __m256i weights) {
        const __m256i a = load(pair.rows[0] + x);
        const __m256i b = load(pair.rows[1] + x);
        return {_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights),
                _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights)};
    }

    static __m256i multiply_add(__m256i sum, __m256i codes, std::uint16_t weight) {
        const __m256i weights = _mm256_set1_epi16(static_cast<std::int16_t>(weight));
        return _mm256_add_epi16(sum, _mm256_mullo_epi16(codes, weights));
    }
};

}  // namespace sonogaze::avx2
