#pragma once

#include <immintrin.h>

#include <cstdint>

namespace sonogaze::avx512 {

static inline __m512i load(const void* src) { return _mm512_loadu_si512(src); }

static inline __m256i load_half(const void* src) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(src));
}

static inline void store(void* dst, __m512i value) { _mm512_storeu_si512(dst, value); }

// Two sources of 32 bytes side by side.
static inline __m512i load_pair(const void* low, const void* high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(load_half(low)), load_half(high), 1);
}

// 64 bytes in order from four vectors of sixteen 32-bit values 0..255.
static inline __m512i pack_bytes(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i packed =
        _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, packed);
}

// 64 bytes in order from two vectors of 32 16-bit values 0..255.
static inline __m512i pack_words(__m512i a, __m512i b) {
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    return _mm512_permutexvar_epi64(order, _mm512_packus_epi16(a, b));
}

// Each 32-bit item is the sum of two neighbours, of `a` and of `b` by turns in each 128 bits.
static inline __m512i sum_neighbours(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
}
static inline __m512i sum_pairs(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

}  // namespace sonogaze::avx512
