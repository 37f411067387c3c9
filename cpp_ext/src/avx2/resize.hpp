#pragma once

#include "avx2/lanes.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze::avx2 {

static inline __m256i widen(const std::uint8_t* grey) {
    return _mm256_cvtepu8_epi16(load_half(grey));
}

static inline __m128i widen_half(const std::uint8_t* grey) {
    return _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(grey)));
}

static void set_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums, Soon soon) {
    std::int64_t x = 0;
    for (; x <= n - 32; x += 32) {
        fetch(soon, x);
        store(sums + x, widen(grey + x));
        store(sums + x + 16, widen(grey + x + 16));
    }
    for (; x < n; ++x) sums[x] = grey[x];
}

static void add_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums, Soon soon) {
    std::int64_t x = 0;
    for (; x <= n - 32; x += 32) {
        fetch(soon, x);
        store(sums + x, _mm256_add_epi16(load(sums + x), widen(grey + x)));
        store(sums + x + 16, _mm256_add_epi16(load(sums + x + 16), widen(grey + x + 16)));
    }
    for (; x <= n - 8; x += 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(sums + x),
                         _mm_add_epi16(load_half(sums + x), widen_half(grey + x)));
    }
    for (; x < n; ++x) sums[x] = static_cast<std::uint16_t>(sums[x] + grey[x]);
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

constexpr std::int64_t kBytesPerCell = 8;  // to ask for while one cell is summed

static void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots,
                      Soon soon) {
    const std::int16_t* weights = table.weights;
    for (std::int64_t j = 0; j < table.cells; j += 8, weights += 8 * table.taps) {
        fetch(soon, kBytesPerCell * j);
        const std::int32_t* first = table.first + j;
        store(dots + j, table.taps == 8 ? dots_8(sums, first, weights)
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

static void normalise(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
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
