#pragma once

#include "avx2/vector.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze::avx2 {

struct CellLanes {
    static constexpr std::int64_t kCells = 8;
    static constexpr std::int64_t kDoubles = 4;

    static void store_dots(std::uint32_t* dst, __m256i dots) { store(dst, dots); }

    // Eight cells of 4 taps.
    static __m256i dots_4(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        const std::int32_t* first = table.first + at;
        const std::int16_t* weights = table.weights + 4 * at;
        const std::uint8_t* pairs = table.pairs + 8 * at;
        const auto four = [&](int j) {  // half sums of cells j and j + 1, then of j + 2 and j + 3
            const __m256i columns = load_pair(sums + first[j], sums + first[j + 2]);
            const __m256i taps = _mm256_shuffle_epi8(columns, load(pairs + 8 * j));
            return _mm256_madd_epi16(taps, load(weights + 4 * j));
        };
        return _mm256_permute4x64_epi64(_mm256_hadd_epi32(four(0), four(4)), 0xD8);
    }

    // Eight cells of 8 taps.
    static __m256i dots_8(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        const std::int32_t* first = table.first + at;
        const std::int16_t* weights = table.weights + 8 * at;
        const auto pair = [&](int j) {  // cell j in the low half, j + 1 in the high half
            const __m256i columns = load_pair(sums + first[j], sums + first[j + 1]);
            return _mm256_madd_epi16(columns, load(weights + 8 * j));
        };
        const __m256i low = _mm256_hadd_epi32(pair(0), pair(2));
        const __m256i high = _mm256_hadd_epi32(pair(4), pair(6));
        return in_order(_mm256_hadd_epi32(low, high));
    }

    // Eight cells of a multiple of 16 taps.
    static __m256i dots_wide(const std::uint16_t* sums, const TapView& table, std::int64_t at) {
        const std::int64_t taps = table.taps;
        const std::int32_t* first = table.first + at;
        const std::int16_t* weights = table.weights + taps * at;
        const auto one = [&](int j) { return dot(sums + first[j], weights + taps * j, taps); };
        const __m256i a =
            _mm256_hadd_epi32(_mm256_hadd_epi32(one(0), one(1)), _mm256_hadd_epi32(one(2), one(3)));
        const __m256i b =
            _mm256_hadd_epi32(_mm256_hadd_epi32(one(4), one(5)), _mm256_hadd_epi32(one(6), one(7)));
        return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                                _mm256_permute2x128_si256(a, b, 0x31));
    }

    static __m256i dot(const std::uint16_t* columns, const std::int16_t* weights,
                       std::int64_t taps) {
        __m256i sum = _mm256_madd_epi16(load(columns), load(weights));
        for (std::int64_t k = 16; k < taps; k += 16) {
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(columns + k), load(weights + k)));
        }
        return sum;
    }

    struct Weight {
        __m256i weights;
        explicit Weight(std::uint32_t weight) : weights(_mm256_set1_epi64x(weight)) {}
        void add(const std::uint32_t* dots, std::uint64_t* cells) const {
            const __m256i product =
                _mm256_mul_epu32(_mm256_cvtepu32_epi64(load_half(dots)), weights);
            store(cells, _mm256_add_epi64(load(cells), product));
        }
    };

    static __m256d splat_double(double value) { return _mm256_set1_pd(value); }

    static __m256d doubles(const std::uint32_t* cells) {
        return _mm256_cvtepi32_pd(load_half(cells));
    }

    // 2^52 + c has the bits of 2^52 with c in the mantissa, so that c < 2^52 converts exactly.
    static __m256d doubles(const std::uint64_t* cells) {
        const __m256d two52 = _mm256_set1_pd(4503599627370496.0);
        const __m256i bits = _mm256_or_si256(load(cells), _mm256_castpd_si256(two52));
        return _mm256_sub_pd(_mm256_castsi256_pd(bits), two52);
    }

    static __m256d scaled(__m256d values, __m256d scales, __m256d biases) {
        return _mm256_add_pd(_mm256_mul_pd(values, scales), biases);
    }

    static void store_floats(float* out, __m256d values) {
        _mm_storeu_ps(out, _mm256_cvtpd_ps(values));
    }
};

}  // namespace sonogaze::avx2
