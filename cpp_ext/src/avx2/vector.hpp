#pragma once

#include <immintrin.h>

#include <cstdint>

namespace sonogaze::avx2 {

static inline __m256i load(const void* src) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(src));
}

static inline __m128i load_half(const void* src) {
    return _mm_loadu_si128(static_cast<const __m128i*>(src));
}

static inline void store(void* dst, __m256i value) {
    _mm256_storeu_si256(static_cast<__m256i*>(dst), value);
}

// Two sources of 16 bytes side by side.
static inline __m256i load_pair(const void* low, const void* high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_half(low)), load_half(high), 1);
}

// Takes 32-bit items from the two halves by turns.
static inline __m256i in_order(__m256i halves) {
    return _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

// 32 bytes in order from four vectors of eight 32-bit values 0..255.
static inline __m256i pack_bytes(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i packed =
        _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
    return in_order(packed);
}

// 32 bytes in order from two vectors of sixteen 16-bit values 0..255.
static inline __m256i pack_words(__m256i a, __m256i b) {
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xD8);
}

static inline std::int64_t sum_of_quads(__m256i quads) {
    std::int64_t parts[4];
    store(parts, quads);
    return parts[0] + parts[1] + parts[2] + parts[3];
}

}  // namespace sonogaze::avx2
