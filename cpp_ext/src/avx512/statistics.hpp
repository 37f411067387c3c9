#pragma once

#include "avx512/decode.hpp"

namespace sonogaze::avx512 {

struct StatisticsLanes {
    // Masks are counted as they come: nothing overflows. Sums of a row are flushed now and then.
    static constexpr std::int64_t kMostBlocks = 1 << 20;

    struct ByteSum {
        __m512i sums = _mm512_setzero_si512();
        void add(__m512i bytes) {
            sums = _mm512_add_epi64(sums, _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
        }
        std::uint64_t total() const {
            return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(sums));
        }
    };

    struct MaskCount {
        std::int64_t count = 0;
        void add(__mmask64 mask) { count += _mm_popcnt_u64(mask); }
        std::int64_t total() const { return count; }
    };

    static __mmask64 at_most(__m512i bytes, __m512i limit) {
        return _mm512_cmple_epu8_mask(bytes, limit);
    }
    static __mmask64 both(__mmask64 a, __mmask64 b) { return a & b; }

    // |a - b| of unsigned bytes.
    static __m512i distance(__m512i a, __m512i b) {
        return _mm512_or_si512(_mm512_subs_epu8(a, b), _mm512_subs_epu8(b, a));
    }

    struct Distance {
        __m512i limits;
        explicit Distance(std::uint8_t limit) : limits(DecodeLanes::splat(limit)) {}
        __mmask64 near(__m512i chroma) const {
            return at_most(distance(chroma, DecodeLanes::splat(scalar::kNeutralChroma)), limits);
        }
    };

    // Red and blue are bytes First and First + 2 of every RGB format, and it does not matter which
    // is which. They are compared with grey where they lie; the other two get a limit that nothing
    // exceeds.
    template <int Size, int First>
    static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey,
                                    std::int64_t n, std::uint8_t limit) {
        const std::uint32_t other = First == 0 ? 0xFF00FF00U : 0x00FF00FFU;
        const auto both =
            static_cast<std::uint32_t>(limit) * (First == 0 ? 0x00010001U : 0x01000100U);
        const __m512i limits = _mm512_set1_epi32(static_cast<std::int32_t>(both | other));
        std::int64_t count = 0;
        std::int64_t x = 0;
        for (; x <= n - 64; x += 64) {
            const std::uint8_t* block = src + x * Size;
            const __m512i levels = load(grey + x);
            count += colored<0>(DecodeLanes::pixels<Size, 0>(block), levels, limits) +
                     colored<1>(DecodeLanes::pixels<Size, 1>(block), levels, limits) +
                     colored<2>(DecodeLanes::pixels<Size, 2>(block), levels, limits) +
                     colored<3>(DecodeLanes::pixels<Size, 3>(block), levels, limits);
        }
        return count +
               scalar::colored_rgb<Size, First, First + 2>(src + x * Size, grey + x, n - x, limit);
    }

    // How many of sixteen pixels have a byte beyond its limit from grey.
    template <int Quarter>
    static std::int64_t colored(__m512i pixels, __m512i grey, __m512i limits) {
        alignas(64) std::uint8_t index[64];
        for (int i = 0; i < 64; ++i) index[i] = static_cast<std::uint8_t>(16 * Quarter + i / 4);
        const __m512i levels = _mm512_permutexvar_epi8(load(index), grey);
        const __m512i beyond = _mm512_subs_epu8(distance(pixels, levels), limits);
        return _mm_popcnt_u32(_mm512_test_epi32_mask(beyond, beyond));
    }

    // U and V lie in the same bytes, Step / 2 apart; one count for every Step bytes of which any
    // chroma byte is far.
    template <int Step>
    static std::int64_t colored_packed(const ChromaRow& row, std::int64_t n,
                                       const ColorLimits& limits) {
        const std::uint8_t* base = row.u < row.v ? row.u : row.v;  // the earlier starts the sample
        const __m512i limit = packed_limits<Step>(row.u < row.v, limits);
        const __m512i neutral = DecodeLanes::splat(scalar::kNeutralChroma);
        // The last sample's trailing luma byte may lie beyond the row: leave one to the end.
        std::int64_t count = 0;
        std::int64_t x = 0;
        for (; x < n - 64 / Step; x += 64 / Step) {
            const __m512i beyond =
                _mm512_subs_epu8(distance(load(base + x * Step), neutral), limit);
            count += _mm_popcnt_u32(Step == 2 ? _mm512_test_epi16_mask(beyond, beyond)
                                              : _mm512_test_epi32_mask(beyond, beyond));
        }
        const ChromaRow rest{row.u + x * Step, row.v + x * Step};
        return count + scalar::colored_yuv<Step>(rest, n - x, limits);
    }

    // Luma bytes between chroma get a limit that nothing exceeds.
    template <int Step>
    static __m512i packed_limits(bool u_first, const ColorLimits& limits) {
        const std::uint32_t first = u_first ? limits.cb : limits.cr;
        const std::uint32_t second = u_first ? limits.cr : limits.cb;
        const std::uint32_t pattern =
            Step == 2 ? (first | second << 8) * 0x10001U : first | second << 16 | 0xFF00FF00U;
        return _mm512_set1_epi32(static_cast<std::int32_t>(pattern));
    }
};

}  // namespace sonogaze::avx512
