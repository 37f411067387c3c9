#pragma once

#include "avx2/decode.hpp"
#include "fetch.hpp"

namespace sonogaze::avx2 {

// Both rows' weights, for each pair of bytes.
static inline __m256i pair_weights(const RowPair& pair) {
    return _mm256_set1_epi16(static_cast<std::int16_t>(pair.weights[0] | pair.weights[1] << 8));
}

struct Words {
    __m256i low, high;
};

// Weighed sums of columns 0..7 and 16..23 of a block, and of the other ones.
static inline Words weigh_pair(const RowPair& pair, std::int64_t x, __m256i weights) {
    const __m256i a = load(pair.rows[0] + x);
    const __m256i b = load(pair.rows[1] + x);
    return {_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights),
            _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights)};
}

template <int Count>
static void weigh(const RowPair* pairs, std::int64_t n, std::uint16_t* sums, bool onto,
                  std::int64_t ahead) {
    const __m256i weights[2] = {pair_weights(pairs[0]), pair_weights(pairs[Count - 1])};
    const auto block = [&](std::int64_t x) -> Words {
        Words sum = weigh_pair(pairs[0], x, weights[0]);
        if constexpr (Count == 2) {
            const Words more = weigh_pair(pairs[1], x, weights[1]);
            sum = {_mm256_add_epi16(sum.low, more.low), _mm256_add_epi16(sum.high, more.high)};
        }
        const Words ordered{_mm256_permute2x128_si256(sum.low, sum.high, 0x20),
                            _mm256_permute2x128_si256(sum.low, sum.high, 0x31)};
        if (!onto) return ordered;
        return {_mm256_add_epi16(ordered.low, load(sums + x)),
                _mm256_add_epi16(ordered.high, load(sums + x + 16))};
    };
    const auto put = [&](std::int64_t x, const Words& words) {
        store(sums + x, words.low);
        store(sums + x + 16, words.high);
    };
    // The last block is summed first and stored last: it may share columns with the one before.
    const Words last = block(n - kBlock);
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

// Eight cells of 4 taps.
static inline __m256i dots_4(const std::uint16_t* sums, const std::int32_t* first,
                             const std::int16_t* weights, const std::uint8_t* pairs) {
    const auto four = [&](int j) {  // half sums of cells j and j + 1, then of j + 2 and j + 3
        const __m256i columns = load_pair(sums + first[j], sums + first[j + 2]);
        const __m256i taps = _mm256_shuffle_epi8(columns, load(pairs + 8 * j));
        return _mm256_madd_epi16(taps, load(weights + 4 * j));
    };
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(four(0), four(4)), 0xD8);
}

// Eight cells of 8 taps: sums of products, in order.
static inline __m256i dots_8(const std::uint16_t* sums, const std::int32_t* first,
                             const std::int16_t* weights) {
    const auto pair = [&](int j) {  // cell j in the low half, j + 1 in the high half
        const __m256i columns = load_pair(sums + first[j], sums + first[j + 1]);
        return _mm256_madd_epi16(columns, load(weights + 8 * j));
    };
    const __m256i low = _mm256_hadd_epi32(pair(0), pair(2));
    const __m256i high = _mm256_hadd_epi32(pair(4), pair(6));
    return in_order(_mm256_hadd_epi32(low, high));
}

static inline __m256i dot_wide(const std::uint16_t* columns, const std::int16_t* weights,
                               std::int64_t taps) {
    __m256i sum = _mm256_madd_epi16(load(columns), load(weights));
    for (std::int64_t k = 16; k < taps; k += 16) {
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(columns + k), load(weights + k)));
    }
    return sum;
}

// Eight cells of a multiple of 16 taps.
static inline __m256i dots_wide(const std::uint16_t* sums, const std::int32_t* first,
                                const std::int16_t* weights, std::int64_t taps) {
    const auto one = [&](int j) { return dot_wide(sums + first[j], weights + taps * j, taps); };
    const __m256i a =
        _mm256_hadd_epi32(_mm256_hadd_epi32(one(0), one(1)), _mm256_hadd_epi32(one(2), one(3)));
    const __m256i b =
        _mm256_hadd_epi32(_mm256_hadd_epi32(one(4), one(5)), _mm256_hadd_epi32(one(6), one(7)));
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                            _mm256_permute2x128_si256(a, b, 0x31));
}

static void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots) {
    const std::int16_t* weights = table.weights;
    for (std::int64_t j = 0; j < table.cells; j += 8, weights += 8 * table.taps) {
        const std::int32_t* first = table.first + j;
        store(dots + j, table.taps == 4   ? dots_4(sums, first, weights, table.pairs + 8 * j)
                        : table.taps == 8 ? dots_8(sums, first, weights)
                                          : dots_wide(sums, first, weights, table.taps));
    }
}

static void add_cells(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
                      std::uint64_t* cells) {
    const __m256i weights = _mm256_set1_epi64x(weight);
    for (std::int64_t j = 0; j < n; j += 4) {
        const __m256i wide = _mm256_cvtepu32_epi64(load_half(dots + j));
        const __m256i product = _mm256_mul_epu32(wide, weights);
        store(cells + j, _mm256_add_epi64(load(cells + j), product));
    }
}

static void normalise(const std::uint32_t* cells, std::int64_t n, double scale, double bias,
                      float* out) {
    const __m256d scales = _mm256_set1_pd(scale);
    const __m256d biases = _mm256_set1_pd(bias);
    std::int64_t j = 0;
    for (; j <= n - 4; j += 4) {
        const __m256d value = _mm256_cvtepi32_pd(load_half(cells + j));
        const __m256d scaled = _mm256_add_pd(_mm256_mul_pd(value, scales), biases);
        _mm_storeu_ps(out + j, _mm256_cvtpd_ps(scaled));
    }
    for (; j < n; ++j) out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
}

static void normalise_wide(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
                           float* out) {
    // 2^52 + c has the bits of 2^52 with c in the mantissa, so that c < 2^52 converts exactly.
    const __m256d two52 = _mm256_set1_pd(4503599627370496.0);
    const __m256d scales = _mm256_set1_pd(scale);
    const __m256d biases = _mm256_set1_pd(bias);
    std::int64_t j = 0;
    for (; j <= n - 4; j += 4) {
        const __m256i bits = _mm256_or_si256(load(cells + j), _mm256_castpd_si256(two52));
        const __m256d value = _mm256_sub_pd(_mm256_castsi256_pd(bits), two52);
        const __m256d scaled = _mm256_add_pd(_mm256_mul_pd(value, scales), biases);
        _mm_storeu_ps(out + j, _mm256_cvtpd_ps(scaled));
    }
    for (; j < n; ++j) out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
}

static std::uint64_t sum_bytes(const std::uint8_t* src, std::int64_t n) {
    __m256i a = _mm256_setzero_si256();
    __m256i b = _mm256_setzero_si256();
    const __m256i zero = _mm256_setzero_si256();
    std::int64_t i = 0;
    for (; i <= n - 64; i += 64) {
        a = _mm256_add_epi64(a, _mm256_sad_epu8(load(src + i), zero));
        b = _mm256_add_epi64(b, _mm256_sad_epu8(load(src + i + 32), zero));
    }
    std::uint64_t parts[4];
    store(parts, _mm256_add_epi64(a, b));
    std::uint64_t sum = parts[0] + parts[1] + parts[2] + parts[3];
    for (; i < n; ++i) sum += src[i];
    return sum;
}

}  // namespace sonogaze::avx2
