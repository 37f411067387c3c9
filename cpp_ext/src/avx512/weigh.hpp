#pragma once

#include "avx512/vector.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze::avx512 {

struct WeighLanes {
    // Sums of 64 columns.
    struct Sums {
        __m512i low, high;
    };

    static void store_sums(std::uint16_t* dst, const Sums& sums) {
        store(dst, sums.low);
        store(dst + 32, sums.high);
    }

    template <int Count>
    struct PairWeights {
        __m512i weights[Count];

        explicit PairWeights(const RowPair* pairs) {
            for (int i = 0; i < Count; ++i) {
                const std::uint8_t* w = pairs[i].weights;
                weights[i] = _mm512_set1_epi16(static_cast<std::int16_t>(w[0] | w[1] << 8));
            }
        }

        template <bool Onto>
        Sums sums(const RowPair* pairs, std::int64_t x, const std::uint16_t* before) const {
            Sums sum = weigh_pair(pairs[0], x, weights[0]);
            if constexpr (Count == 2) sum = added(sum, weigh_pair(pairs[1], x, weights[1]));
            const Sums ordered = in_order(sum);
            if constexpr (!Onto) return ordered;
            return added(ordered, {load(before), load(before + 32)});
        }
    };

    static Sums added(const Sums& a, const Sums& b) {
        return {_mm512_add_epi16(a.low, b.low), _mm512_add_epi16(a.high, b.high)};
    }

    // Eight columns of `low` and eight of `high` by turns.
    static Sums in_order(const Sums& sums) {
        const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
        const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
        return {_mm512_permutex2var_epi64(sums.low, first, sums.high),
                _mm512_permutex2var_epi64(sums.low, second, sums.high)};
    }

    static Sums weigh_pair(const RowPair& pair, std::int64_t x, __m512i weights) {
        const __m512i a = load(pair.rows[0] + x);
        const __m512i b = load(pair.rows[1] + x);
        return {_mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), weights),
                _mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), weights)};
    }

    static __m512i multiply_add(__m512i sum, __m512i codes, std::uint16_t weight) {
        const __m512i weights = _mm512_set1_epi16(static_cast<std::int16_t>(weight));
        return _mm512_add_epi16(sum, _mm512_mullo_epi16(codes, weights));
    }
};

}  // namespace sonogaze::avx512
