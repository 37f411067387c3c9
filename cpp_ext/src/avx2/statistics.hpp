#pragma once

#include "avx2/decode.hpp"

// Counts for the quality gate. Each is exact, whatever the block size.
namespace sonogaze::avx2 {

// Sum of the bytes of a vector.
static inline std::int64_t byte_sum(__m256i bytes) {
    std::int64_t parts[4];
    store(parts, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
    return parts[0] + parts[1] + parts[2] + parts[3];
}

// Sum of sixteen 16-bit numbers below 2^15.
static inline std::int64_t word_sum(__m256i words) {
    std::int32_t parts[8];
    store(parts, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
    std::int64_t sum = 0;
    for (const std::int32_t part : parts) sum += part;
    return sum;
}

// Counts bytes that were all ones, up to kMost vectors of them at a time.
struct MaskCounter {
    static constexpr std::int64_t kMost = 255;
    __m256i counts = _mm256_setzero_si256();

    void add(__m256i mask) { counts = _mm256_sub_epi8(counts, mask); }
    std::int64_t take() {
        const std::int64_t sum = byte_sum(counts);
        counts = _mm256_setzero_si256();
        return sum;
    }
};

// Whole vectors only; at most MaskCounter::kMost of them.
static inline void count_blocks(const std::uint8_t* grey, std::int64_t blocks,
                                const LevelLimits& limits, LevelCounts& counts) {
    const __m256i black = _mm256_set1_epi8(static_cast<char>(limits.black));
    const __m256i saturated = _mm256_set1_epi8(static_cast<char>(limits.saturated));
    __m256i sums = _mm256_setzero_si256();
    MaskCounter dark;
    MaskCounter bright;
    for (std::int64_t i = 0; i < blocks; ++i) {
        const __m256i g = load(grey + i * kBlock);
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(g, _mm256_setzero_si256()));
        dark.add(_mm256_cmpeq_epi8(_mm256_min_epu8(g, black), g));
        bright.add(_mm256_cmpeq_epi8(_mm256_max_epu8(g, saturated), g));
    }
    std::int64_t parts[4];
    store(parts, sums);
    counts.sum += parts[0] + parts[1] + parts[2] + parts[3];
    counts.black += dark.take();
    counts.saturated += bright.take();
}

static void count_levels(const std::uint8_t* grey, std::int64_t n, const LevelLimits& limits,
                         LevelCounts& counts) {
    while (n >= kBlock) {
        const std::int64_t all = n / kBlock;
        const std::int64_t blocks = all < MaskCounter::kMost ? all : MaskCounter::kMost;
        count_blocks(grey, blocks, limits, counts);
        grey += blocks * kBlock;
        n -= blocks * kBlock;
    }
    for (std::int64_t x = 0; x < n; ++x) {
        counts.sum += grey[x];
        counts.black += grey[x] <= limits.black;
        counts.saturated += grey[x] >= limits.saturated;
    }
}

// Minus one in each of eight pixels whose red and blue are both near grey. First says whether red
// and blue lie in the pixel's even bytes (0) or in its odd bytes (1).
template <int First>
static inline __m256i colorless(__m256i pixels, const std::uint8_t* grey, __m256i limit) {
    const __m256i pair = First == 0 ? _mm256_and_si256(pixels, _mm256_set1_epi16(0xFF))
                                    : _mm256_srli_epi16(pixels, 8);
    const __m256i g = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(grey)));
    const __m256i both = _mm256_or_si256(g, _mm256_slli_epi32(g, 16));
    const __m256i far = _mm256_cmpgt_epi16(_mm256_abs_epi16(_mm256_sub_epi16(pair, both)), limit);
    return _mm256_cmpeq_epi32(far, _mm256_setzero_si256());
}

// Red and blue are two bytes apart in every RGB format.
template <class Pixel, int R, int B>
static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey, std::int64_t n,
                                std::uint8_t limit) {
    constexpr int kFirst = (R < B ? R : B);
    const __m256i limits = _mm256_set1_epi16(limit);
    __m256i plain = _mm256_setzero_si256();
    std::int64_t x = 0;
    for (; x <= n - 8 - Pixel::spare; x += 8) {
        const __m256i pixels = Pixel::eight(src + x * Pixel::size);
        plain = _mm256_sub_epi32(plain, colorless<kFirst>(pixels, grey + x, limits));
    }
    std::int32_t parts[8];
    store(parts, plain);
    std::int64_t count = x;
    for (const std::int32_t part : parts) count -= part;
    return count + scalar::colored_rgb<static_cast<int>(Pixel::size), R, B>(src + x * Pixel::size,
                                                                            grey + x, n - x, limit);
}

// All ones in each byte that is more than its limit from neutral chroma.
static inline __m256i far_from_neutral(__m256i chroma, __m256i limit) {
    const __m256i neutral = _mm256_set1_epi8(static_cast<char>(scalar::kNeutralChroma));
    const __m256i distance =
        _mm256_or_si256(_mm256_subs_epu8(chroma, neutral), _mm256_subs_epu8(neutral, chroma));
    const __m256i within = _mm256_cmpeq_epi8(_mm256_max_epu8(distance, limit), limit);
    return _mm256_xor_si256(within, _mm256_set1_epi8(-1));
}

static inline ChromaRow after(const ChromaRow& row, std::int64_t bytes) {
    return {row.u + bytes, row.v + bytes};
}

// One count for every Step bytes of which any chroma byte is far. u and v lie in the same bytes.
template <int Step>
static std::int64_t colored_packed(const ChromaRow& row, std::int64_t n,
                                   const ColorLimits& limits) {
    // The earlier of the two starts the sample: v follows u by Step / 2 bytes, or precedes it.
    const bool u_first = row.u < row.v;
    const std::uint8_t* base = u_first ? row.u : row.v;
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
    __m256i plain = zero;
    std::int64_t x = 0;
    for (; x < n - 32 / Step; x += 32 / Step) {
        const __m256i far = far_from_neutral(load(base + x * Step), limit);
        const __m256i near =
            Step == 2 ? _mm256_cmpeq_epi16(far, zero) : _mm256_cmpeq_epi32(far, zero);
        plain = _mm256_sub_epi16(plain, near);  // a sample of four bytes counts in both its words
    }
    const std::int64_t near_samples = word_sum(plain) / (Step / 2);
    return x - near_samples + scalar::colored_yuv<Step>(after(row, x * Step), n - x, limits);
}

static std::int64_t colored_planar(const ChromaRow& row, std::int64_t n,
                                   const ColorLimits& limits) {
    const __m256i cb = _mm256_set1_epi8(static_cast<char>(limits.cb));
    const __m256i cr = _mm256_set1_epi8(static_cast<char>(limits.cr));
    std::int64_t count = 0;
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        const __m256i far = _mm256_or_si256(far_from_neutral(load(row.u + x), cb),
                                            far_from_neutral(load(row.v + x), cr));
        count += _mm_popcnt_u32(static_cast<std::uint32_t>(_mm256_movemask_epi8(far)));
    }
    return count + scalar::colored_yuv<1>(after(row, x), n - x, limits);
}

}  // namespace sonogaze::avx2
