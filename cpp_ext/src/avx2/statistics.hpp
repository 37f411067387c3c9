#pragma once

#include "avx2/decode.hpp"

// Counts for the quality gate. Each is exact, whatever the block size.
namespace sonogaze::avx2 {

static inline std::int64_t bits_set(std::uint32_t mask) {
    return static_cast<std::int64_t>(_mm_popcnt_u32(mask));
}

static inline std::uint32_t byte_mask(__m256i bytes) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
}

static void count_levels(const std::uint8_t* grey, std::int64_t n, const LevelLimits& limits,
                         LevelCounts& counts) {
    const __m256i black = _mm256_set1_epi8(static_cast<char>(limits.black));
    const __m256i saturated = _mm256_set1_epi8(static_cast<char>(limits.saturated));
    __m256i sums = _mm256_setzero_si256();
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        const __m256i g = load(grey + x);
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(g, _mm256_setzero_si256()));
        counts.black += bits_set(byte_mask(_mm256_cmpeq_epi8(_mm256_min_epu8(g, black), g)));
        counts.saturated +=
            bits_set(byte_mask(_mm256_cmpeq_epi8(_mm256_max_epu8(g, saturated), g)));
    }
    std::int64_t parts[4];
    store(parts, sums);
    counts.sum += parts[0] + parts[1] + parts[2] + parts[3];
    for (; x < n; ++x) {
        counts.sum += grey[x];
        counts.black += grey[x] <= limits.black;
        counts.saturated += grey[x] >= limits.saturated;
    }
}

// All ones in each of eight pixels whose colour at byte Index is more than limit from its grey.
template <int Index>
static inline __m256i far_from_grey(__m256i pixels, __m256i grey, __m256i limit) {
    const __m256i value =
        _mm256_and_si256(_mm256_srli_epi32(pixels, 8 * Index), _mm256_set1_epi32(0xFF));
    return _mm256_cmpgt_epi32(_mm256_abs_epi32(_mm256_sub_epi32(value, grey)), limit);
}

template <class Pixel, int R, int G, int B>
static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* unused, std::int64_t n,
                                const ColorLimits& limits) {
    using Channels = Order<R, G, B>;
    const __m256i limit = _mm256_set1_epi32(limits.rgb);
    std::int64_t count = 0;
    std::int64_t x = 0;
    for (; x <= n - 8 - Pixel::spare; x += 8) {
        const __m256i pixels = Pixel::eight(src + x * Pixel::size);
        const __m256i grey = luma_of<Channels>(pixels);
        const __m256i colored = _mm256_or_si256(far_from_grey<R>(pixels, grey, limit),
                                                far_from_grey<B>(pixels, grey, limit));
        count +=
            bits_set(static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(colored))));
    }
    return count + scalar::colored_rgb<static_cast<int>(Pixel::size), R, G, B>(
                       src + x * Pixel::size, unused, n - x, limits);
}

// All ones in each byte that is more than its limit from neutral chroma.
static inline __m256i far_from_neutral(__m256i chroma, __m256i limit) {
    const __m256i neutral = _mm256_set1_epi8(static_cast<char>(scalar::kNeutralChroma));
    const __m256i distance =
        _mm256_or_si256(_mm256_subs_epu8(chroma, neutral), _mm256_subs_epu8(neutral, chroma));
    const __m256i within = _mm256_cmpeq_epi8(_mm256_max_epu8(distance, limit), limit);
    return _mm256_xor_si256(within, _mm256_set1_epi8(-1));
}

// One count for every Step bytes of which any chroma byte is far. u and v lie in the same bytes.
template <int Step>
static std::int64_t colored_packed(const std::uint8_t* u, const std::uint8_t* v, std::int64_t n,
                                   const ColorLimits& limits) {
    // The earlier of the two starts the sample: v follows u by Step / 2 bytes, or precedes it.
    const bool u_first = u < v;
    const std::uint8_t* base = u_first ? u : v;
    const std::uint8_t even = u_first ? limits.cb : limits.cr;
    const std::uint8_t odd = u_first ? limits.cr : limits.cb;
    const auto byte = [](std::uint8_t limit, int at) {
        return static_cast<std::uint32_t>(limit) << (8 * at);
    };
    // Luma bytes between chroma get a limit that nothing exceeds.
    const std::uint32_t pattern = Step == 2
                                      ? byte(even, 0) | byte(odd, 1) | byte(even, 2) | byte(odd, 3)
                                      : byte(even, 0) | byte(255, 1) | byte(odd, 2) | byte(255, 3);
    const __m256i limit = _mm256_set1_epi32(static_cast<std::int32_t>(pattern));
    const __m256i zero = _mm256_setzero_si256();
    // The last sample's trailing luma byte may lie beyond the row: leave one sample to the end.
    std::int64_t count = 0;
    std::int64_t x = 0;
    for (; x < n - 32 / Step; x += 32 / Step) {
        const __m256i far = far_from_neutral(load(base + x * Step), limit);
        const __m256i plain =
            Step == 2 ? _mm256_cmpeq_epi16(far, zero) : _mm256_cmpeq_epi32(far, zero);
        count += 32 / Step - bits_set(byte_mask(plain)) / Step;
    }
    return count + scalar::colored_yuv<Step>(u + x * Step, v + x * Step, n - x, limits);
}

static std::int64_t colored_planar(const std::uint8_t* u, const std::uint8_t* v, std::int64_t n,
                                   const ColorLimits& limits) {
    const __m256i cb = _mm256_set1_epi8(static_cast<char>(limits.cb));
    const __m256i cr = _mm256_set1_epi8(static_cast<char>(limits.cr));
    std::int64_t count = 0;
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        const __m256i far =
            _mm256_or_si256(far_from_neutral(load(u + x), cb), far_from_neutral(load(v + x), cr));
        count += bits_set(byte_mask(far));
    }
    return count + scalar::colored_yuv<1>(u + x, v + x, n - x, limits);
}

}  // namespace sonogaze::avx2
