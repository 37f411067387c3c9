#pragma once

#include "avx512/vector.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze::avx512 {

struct CellLanes {
    static constexpr std::int64_t kCells = 16;
    static constexpr std::int64_t kDoubles = 8;

    static void store_dots(std::uint32_t* dst, __m512i dots) { store(dst, dots); }

    // Sixteen cells of 4 taps. Sums are loaded by whole lines, as they were stored: what crosses
    // two stores that are still on their way has to wait for both.
    static __m512i dots_4(const std::uint16_t* sums, const TapView& table, std::int64_t j) {
        return _mm512_inserti64x4(_mm512_castsi256_si512(eight_of_4(sums, table, j)),
                                  eight_of_4(sums, table, j + 8), 1);
    }

    // Columns 0 and 1 of eight cells in the low half, 2 and 3 in the high half.
    static __m256i eight_of_4(const std::uint16_t* sums, const TapView& table, std::int64_t j) {
        const std::uint16_t* columns = sums + table.lane_first[j / kLaneCells];
        const __m512i taps = _mm512_permutex2var_epi16(
            load(columns), load(table.lane_columns + 4 * j), load(columns + 32));
        const __m512i halves = _mm512_madd_epi16(taps, load(table.lane_weights + 4 * j));
        return _mm256_add_epi32(_mm512_castsi512_si256(halves),
                                _mm512_extracti64x4_epi64(halves, 1));
    }

    // Sixteen cells of 8 taps.
    static __m512i dots_8(const std::uint16_t* sums, const TapView& table, std::int64_t j) {
        const std::int32_t* first = table.first + j;
        const std::int16_t* weights = table.weights + 8 * j;
        const auto four = [&](int k) {  // cells k, k + 1, k + 8 and k + 9
            const auto two = [&](int c) {
                const __m128i low = load_quarter(sums + first[c]);
                return _mm256_inserti128_si256(_mm256_castsi128_si256(low),
                                               load_quarter(sums + first[c + 1]), 1);
            };
            const __m512i columns =
                _mm512_inserti64x4(_mm512_castsi256_si512(two(k)), two(k + 8), 1);
            return _mm512_madd_epi16(columns, load_pair(weights + 8 * k, weights + 8 * (k + 8)));
        };
        const __m512i a = sum_neighbours(four(0), four(2));
        const __m512i b = sum_neighbours(four(4), four(6));
        const __m512i order =
            _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
        return _mm512_permutexvar_epi32(order, sum_pairs(a, b));
    }

    static __m128i load_quarter(const void* src) {
        return _mm_loadu_si128(static_cast<const __m128i*>(src));
    }

    // Sixteen cells of a multiple of 16 taps.
    static __m512i dots_wide(const std::uint16_t* sums, const TapView& table, std::int64_t j) {
        const auto two = [&](int k) { return dot_pair(sums, table, j + k); };
        const auto eight = [&](int k) {  // cells k, k + 2, k + 4, k + 6; then those beside them
            const __m512i sum = sum_pairs(sum_neighbours(two(k), two(k + 2)),
                                          sum_neighbours(two(k + 4), two(k + 6)));
            return sum;
        };
        const __m512i a = eight(0);
        const __m512i b = eight(8);
        const __m512i sum =
            _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xDD));
        const __m512i order =
            _mm512_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
        return _mm512_permutexvar_epi32(order, sum);
    }

    // Half sums of cell j in the low half, of j + 1 in the high half.
    static __m512i dot_pair(const std::uint16_t* sums, const TapView& table, std::int64_t j) {
        const std::uint16_t* low = sums + table.first[j];
        const std::uint16_t* high = sums + table.first[j + 1];
        const std::int16_t* weights = table.weights + j * table.taps;
        if (table.taps == 16) return _mm512_madd_epi16(load_pair(low, high), load(weights));
        const auto part = [&](std::int64_t k) {
            return _mm512_madd_epi16(load_pair(low + k, high + k),
                                     load_pair(weights + k, weights + table.taps + k));
        };
        __m512i sum = part(0);
        for (std::int64_t k = 16; k < table.taps; k += 16) sum = _mm512_add_epi32(sum, part(k));
        return sum;
    }

    struct Weight {
        __m512i weights;
        explicit Weight(std::uint32_t weight) : weights(_mm512_set1_epi64(weight)) {}
        void add(const std::uint32_t* dots, std::uint64_t* cells) const {
            const __m512i product =
                _mm512_mul_epu32(_mm512_cvtepu32_epi64(load_half(dots)), weights);
            store(cells, _mm512_add_epi64(load(cells), product));
        }
    };

    static __m512d splat_double(double value) { return _mm512_set1_pd(value); }

    static __m512d doubles(const std::uint32_t* cells) {
        return _mm512_cvtepi32_pd(load_half(cells));
    }

    // 2^52 + c has the bits of 2^52 with c in the mantissa, so that c < 2^52 converts exactly.
    static __m512d doubles(const std::uint64_t* cells) {
        const __m512d two52 = _mm512_set1_pd(4503599627370496.0);
        const __m512i bits = _mm512_or_si512(load(cells), _mm512_castpd_si512(two52));
        return _mm512_sub_pd(_mm512_castsi512_pd(bits), two52);
    }

    static __m512d scaled(__m512d values, __m512d scales, __m512d biases) {
        return _mm512_add_pd(_mm512_mul_pd(values, scales), biases);
    }

    static void store_floats(float* out, __m512d values) {
        _mm256_storeu_ps(out, _mm512_cvtpd_ps(values));
    }
};

}  // namespace sonogaze::avx512
