#pragma once

#include "avx2/decode.hpp"

namespace sonogaze::avx2 {

struct StatisticsLanes {
    // How many masks a MaskCount holds before its bytes overflow.
    static constexpr std::int64_t kMostBlocks = 255;

    struct ByteSum {
        __m256i sums = _mm256_setzero_si256();
        void add(__m256i bytes) {
            sums = _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
        }
        std::uint64_t total() const { return static_cast<std::uint64_t>(sum_of_quads(sums)); }
    };

    // Counts bytes that are all ones.
    struct MaskCount {
        __m256i counts = _mm256_setzero_si256();
        void add(__m256i mask) { counts = _mm256_sub_epi8(counts, mask); }
        std::int64_t total() const {
            return sum_of_quads(_mm256_sad_epu8(counts, _mm256_setzero_si256()));
        }
    };

    static __m256i at_most(__m256i bytes, __m256i limit) {
        return _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, limit), limit);
    }
    static __m256i both(__m256i a, __m256i b) { return _mm256_and_si256(a, b); }

    // All ones in each byte that is at most its limit from neutral chroma.
    static __m256i near_neutral(__m256i chroma, __m256i limit) {
        const __m256i neutral = _mm256_set1_epi8(static_cast<char>(scalar::kNeutralChroma));
        const __m256i distance =
            _mm256_or_si256(_mm256_subs_epu8(chroma, neutral), _mm256_subs_epu8(neutral, chroma));
        return at_most(distance, limit);
    }
    struct Distance {
        __m256i limits;
        explicit Distance(std::uint8_t limit) : limits(DecodeLanes::splat(limit)) {}
        __m256i near(__m256i chroma) const { return near_neutral(chroma, limits); }
    };

    // Red and blue are bytes First and First + 2 of every RGB format, and it does not matter which
    // is which. They are compared with grey as words, where they lie.
    template <int Size, int First>
    static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey,
                                    std::int64_t n, std::uint8_t limit) {
        const __m256i limits = _mm256_set1_epi16(limit);
        __m256i plain = _mm256_setzero_si256();
        std::int64_t x = 0;
        for (; x <= n - 8 - DecodeLanes::spare<Size>; x += 8) {
            const __m256i pixels = DecodeLanes::pixels<Size>(src + x * Size);
            plain = _mm256_sub_epi32(plain, colorless<First>(pixels, grey + x, limits));
        }
        std::int32_t parts[8];
        store(parts, plain);
        std::int64_t count = x;
        for (const std::int32_t part : parts) count -= part;
        return count +
               scalar::colored_rgb<Size, First, First + 2>(src + x * Size, grey + x, n - x, limit);
    }

    // Minus one in each of eight pixels whose red and blue are both near grey.
    template <int First>
    static __m256i colorless(__m256i pixels, const std::uint8_t* grey, __m256i limit) {
        const __m256i pair = First == 0 ? _mm256_and_si256(pixels, _mm256_set1_epi16(0xFF))
                                        : _mm256_srli_epi16(pixels, 8);
        const __m256i g =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(grey)));
        const __m256i both = _mm256_or_si256(g, _mm256_slli_epi32(g, 16));
        const __m256i far =
            _mm256_cmpgt_epi16(_mm256_abs_epi16(_mm256_sub_epi16(pair, both)), limit);
        return _mm256_cmpeq_epi32(far, _mm256_setzero_si256());
    }

    // U and V lie in the same bytes, Step / 2 apart; one count for every Step bytes of which any
    // chroma byte is far.
    template <int Step>
    static std::int64_t colored_packed(const ChromaRow& row, std::int64_t n,
                                       const ColorLimits& limits) {
        const std::uint8_t* base = row.u < row.v ? row.u : row.v;  // the earlier starts the sample
        const __m256i limit = packed_limits<Step>(row.u < row.v, limits);
        // The last sample's trailing luma byte may lie beyond the row: leave one to the end.
        __m256i plain = _mm256_setzero_si256();
        std::int64_t x = 0;
        for (; x < n - 32 / Step; x += 32 / Step) {
            const __m256i near = near_neutral(avx2::load(base + x * Step), limit);
            const __m256i ones = _mm256_set1_epi8(-1);
            plain = _mm256_sub_epi16(
                plain, Step == 2 ? _mm256_cmpeq_epi16(near, ones) : _mm256_cmpeq_epi32(near, ones));
        }
        // A sample of four bytes counts in both its words.
        const std::int64_t near_samples = sum_of_words(plain) / (Step / 2);
        const ChromaRow rest{row.u + x * Step, row.v + x * Step};
        return x - near_samples + scalar::colored_yuv<Step>(rest, n - x, limits);
    }

    // Luma bytes between chroma get a limit that nothing exceeds.
    template <int Step>
    static __m256i packed_limits(bool u_first, const ColorLimits& limits) {
        const std::uint32_t first = u_first ? limits.cb : limits.cr;
        const std::uint32_t second = u_first ? limits.cr : limits.cb;
        const std::uint32_t pattern =
            Step == 2 ? (first | second << 8) * 0x10001U : first | second << 16 | 0xFF00FF00U;
        return _mm256_set1_epi32(static_cast<std::int32_t>(pattern));
    }

    // Sixteen 16-bit numbers below 2^15.
    static std::int64_t sum_of_words(__m256i words) {
        std::int32_t parts[8];
        store(parts, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
        std::int64_t sum = 0;
        for (const std::int32_t part : parts) sum += part;
        return sum;
    }
};

}  // namespace sonogaze::avx2
