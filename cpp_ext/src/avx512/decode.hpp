#pragma once

#include "avx512/vector.hpp"
#include "scalar/rows.hpp"

namespace sonogaze::avx512 {

struct DecodeLanes {
    using Bytes = __m512i;
    static constexpr std::int64_t kBlock = 64;

    static Bytes load(const std::uint8_t* src) { return avx512::load(src); }
    // The first so many bytes, kBlock at most, and zeros.
    static Bytes load_some(const std::uint8_t* src, std::int64_t count) {
        const auto missing = static_cast<unsigned>(count < kBlock ? kBlock - count : 0);
        return _mm512_maskz_loadu_epi8(~std::uint64_t{0} >> missing, src);
    }
    static void store(std::uint8_t* dst, Bytes bytes) { avx512::store(dst, bytes); }
    static Bytes splat(std::uint8_t byte) { return _mm512_set1_epi8(static_cast<char>(byte)); }
    static Bytes min(Bytes a, Bytes b) { return _mm512_min_epu8(a, b); }
    static Bytes max(Bytes a, Bytes b) { return _mm512_max_epu8(a, b); }

    static Bytes load_words(const void* src) { return avx512::load(src); }
    static void store_words(std::uint16_t* dst, Bytes words) { avx512::store(dst, words); }
    static Bytes splat_words(std::uint16_t word) {
        return _mm512_set1_epi16(static_cast<std::int16_t>(word));
    }
    static Bytes min_words(Bytes a, Bytes b) { return _mm512_min_epu16(a, b); }
    static Bytes max_words(Bytes a, Bytes b) { return _mm512_max_epu16(a, b); }

    struct Shift {
        __m128i bits;
        explicit Shift(int shift) : bits(_mm_cvtsi32_si128(shift)) {}
        Bytes operator()(Bytes words) const { return _mm512_srl_epi16(words, bits); }
    };

    // Bytes 0 to 63 of an index: first, first + step and so on.
    static Bytes every(int first, int step) {
        alignas(64) std::uint8_t index[64];
        for (int i = 0; i < 64; ++i) index[i] = static_cast<std::uint8_t>(first + step * i);
        return avx512::load(index);
    }

    // The even or the odd ones of 128 bytes.
    template <int Offset>
    static Bytes every_other(const std::uint8_t* src) {
        return _mm512_permutex2var_epi8(avx512::load(src), every(Offset, 2),
                                        avx512::load(src + 64));
    }

    // Pixels that must follow a block.
    template <int Size>
    static constexpr std::int64_t spare = 0;

    // Luma of 64 pixels.
    template <int Size, int R, int G, int B>
    static Bytes luma(const std::uint8_t* src) {
        return pack_bytes(
            luma_of<R, G, B>(pixels<Size, 0>(src)), luma_of<R, G, B>(pixels<Size, 1>(src)),
            luma_of<R, G, B>(pixels<Size, 2>(src)), luma_of<R, G, B>(pixels<Size, 3>(src)));
    }

    // Sixteen pixels as four bytes each, the Quarter-th of 64. The fourth byte of pixels of three
    // is zero. The last quarter of those is loaded 16 bytes early, so that it ends with the block.
    template <int Size, int Quarter>
    static Bytes pixels(const std::uint8_t* src) {
        if constexpr (Size == 4) return avx512::load(src + 64 * Quarter);
        constexpr int kEarly = Quarter == 3 ? 16 : 0;
        return _mm512_maskz_permutexvar_epi8(0x7777777777777777ULL, triples(kEarly),
                                             avx512::load(src + 48 * Quarter - kEarly));
    }
    static Bytes triples(int first) {
        alignas(64) std::uint8_t index[64];
        for (int i = 0; i < 64; ++i) {
            index[i] = static_cast<std::uint8_t>((first + i / 4 * 3 + i % 4) % 64);
        }
        return avx512::load(index);
    }

    // Weights of the bytes of a pixel, shared out: 256 * high + low, both signed bytes.
    static constexpr int low_part(int weight) { return (weight + 128) % 256 - 128; }
    static constexpr int high_part(int weight) { return (weight - low_part(weight)) / 256; }
    template <int R, int G, int B>
    static constexpr int weight(int byte) {
        return byte == R   ? scalar::kLumaR
               : byte == G ? scalar::kLumaG
               : byte == B ? scalar::kLumaB
                           : 0;
    }
    template <int R, int G, int B, class Part>
    static Bytes weights(const Part& part) {
        std::uint32_t bytes = 0;
        for (int i = 0; i < 4; ++i) {
            bytes |= static_cast<std::uint32_t>(part(weight<R, G, B>(i)) & 0xFF) << (8 * i);
        }
        return _mm512_set1_epi32(static_cast<std::int32_t>(bytes));
    }

    // Sixteen pixels of four bytes to sixteen 32-bit luma values.
    template <int R, int G, int B>
    static Bytes luma_of(Bytes pixels) {
        const Bytes high = weights<R, G, B>(high_part);
        const Bytes low = weights<R, G, B>(low_part);
        const Bytes half = _mm512_set1_epi32(scalar::kLumaHalf >> 8);
        const Bytes upper = _mm512_slli_epi32(_mm512_dpbusd_epi32(half, pixels, high), 8);
        return _mm512_srli_epi32(_mm512_dpbusd_epi32(upper, pixels, low), scalar::kLumaShift);
    }
    static_assert(scalar::kLumaHalf % 256 == 0, "half is added before the shift by a byte");

    // GRAY16. The product's upper half is whole: the window's scale times 2^16 adds nothing to the
    // lower half.
    struct Window {
        __m512i low, high, scale_low, scale_high;

        explicit Window(const DecodeParams& p)
            : low(splat_words(p.window_low)),
              high(splat_words(p.window_high)),
              scale_low(splat_words(static_cast<std::uint16_t>(p.window_scale))),
              scale_high(splat_words(static_cast<std::uint16_t>(p.window_scale >> 16))) {}

        // A level is the upper byte of its word.
        Bytes levels(const std::uint8_t* src) const {
            return _mm512_permutex2var_epi8(words(src), every(1, 2), words(src + 64));
        }
        __m512i words(const std::uint8_t* src) const {
            const __m512i clipped = min_words(max_words(avx512::load(src), low), high);
            const __m512i counts = _mm512_sub_epi16(clipped, low);
            const __m512i upper = _mm512_add_epi16(_mm512_mullo_epi16(counts, scale_high),
                                                   _mm512_mulhi_epu16(counts, scale_low));
            return _mm512_add_epi16(upper, _mm512_set1_epi16(1 << 7));
        }
    };
};

}  // namespace sonogaze::avx512
