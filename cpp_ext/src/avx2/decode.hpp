#pragma once

#include <cstring>

#include "avx2/vector.hpp"
#include "scalar/rows.hpp"

namespace sonogaze::avx2 {

struct DecodeLanes {
    using Bytes = __m256i;
    static constexpr std::int64_t kBlock = 32;

    static Bytes load(const std::uint8_t* src) { return avx2::load(src); }
    // The first so many bytes, kBlock at most, and zeros.
    static Bytes load_some(const std::uint8_t* src, std::int64_t count) {
        std::uint8_t bytes[kBlock] = {};
        std::memcpy(bytes, src, static_cast<std::size_t>(count < kBlock ? count : kBlock));
        return load(bytes);
    }
    static void store(std::uint8_t* dst, Bytes bytes) { avx2::store(dst, bytes); }
    static Bytes splat(std::uint8_t byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
    static Bytes min(Bytes a, Bytes b) { return _mm256_min_epu8(a, b); }
    static Bytes max(Bytes a, Bytes b) { return _mm256_max_epu8(a, b); }

    static Bytes load_words(const void* src) { return avx2::load(src); }
    static void store_words(std::uint16_t* dst, Bytes words) { avx2::store(dst, words); }
    static Bytes splat_words(std::uint16_t word) {
        return _mm256_set1_epi16(static_cast<std::int16_t>(word));
    }
    static Bytes min_words(Bytes a, Bytes b) { return _mm256_min_epu16(a, b); }
    static Bytes max_words(Bytes a, Bytes b) { return _mm256_max_epu16(a, b); }

    struct Shift {
        __m128i bits;
        explicit Shift(int shift) : bits(_mm_cvtsi32_si128(shift)) {}
        Bytes operator()(Bytes words) const { return _mm256_srl_epi16(words, bits); }
    };

    // The even or the odd ones of 64 bytes.
    template <int Offset>
    static Bytes every_other(const std::uint8_t* src) {
        return pack_words(words_of<Offset>(src), words_of<Offset>(src + 32));
    }
    template <int Offset>
    static __m256i words_of(const std::uint8_t* src) {
        const __m256i pairs = avx2::load(src);
        if constexpr (Offset == 0) return _mm256_and_si256(pairs, _mm256_set1_epi16(0xFF));
        return _mm256_srli_epi16(pairs, 8);
    }

    // Pixels that must follow a block: those of three bytes are loaded 4 bytes too far.
    template <int Size>
    static constexpr std::int64_t spare = Size == 3 ? 2 : 0;

    // Luma of 32 pixels.
    template <int Size, int R, int G, int B>
    static Bytes luma(const std::uint8_t* src) {
        const auto eight = [src](int block) {
            return luma_of<R, G, B>(pixels<Size>(src + block * 8 * Size));
        };
        return pack_bytes(eight(0), eight(1), eight(2), eight(3));
    }

    // Eight pixels as four bytes each. Reads 28 bytes of pixels of three, whose fourth is zero.
    template <int Size>
    static __m256i pixels(const std::uint8_t* src) {
        if constexpr (Size == 4) return avx2::load(src);
        const __m256i shuffle =
            _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                             0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
        return _mm256_shuffle_epi8(load_pair(src, src + 12), shuffle);
    }

    template <int R, int G, int B>
    static constexpr std::int32_t weight(int byte) {
        return byte == R   ? scalar::kLumaR
               : byte == G ? scalar::kLumaG
               : byte == B ? scalar::kLumaB
                           : 0;
    }

    // Eight pixels of four bytes to eight 32-bit luma values.
    template <int R, int G, int B>
    static __m256i luma_of(__m256i pixels) {
        const auto weights = [](int low, int high) {
            return _mm256_set1_epi32(weight<R, G, B>(low) | weight<R, G, B>(high) << 16);
        };
        const __m256i low = _mm256_and_si256(pixels, _mm256_set1_epi16(0xFF));
        const __m256i high = _mm256_srli_epi16(pixels, 8);
        const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(low, weights(0, 2)),
                                             _mm256_madd_epi16(high, weights(1, 3)));
        return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(scalar::kLumaHalf)),
                                 scalar::kLumaShift);
    }

    // GRAY16. The product's upper half is whole: the window's scale times 2^16 adds nothing to the
    // lower half.
    struct Window {
        __m256i low, high, scale_low, scale_high;

        explicit Window(const DecodeParams& p)
            : low(splat_words(p.window_low)),
              high(splat_words(p.window_high)),
              scale_low(splat_words(static_cast<std::uint16_t>(p.window_scale))),
              scale_high(splat_words(static_cast<std::uint16_t>(p.window_scale >> 16))) {}

        Bytes levels(const std::uint8_t* src) const {
            return pack_words(sixteen(src), sixteen(src + 32));
        }
        __m256i sixteen(const std::uint8_t* src) const {
            const __m256i clipped = min_words(max_words(avx2::load(src), low), high);
            const __m256i counts = _mm256_sub_epi16(clipped, low);
            const __m256i upper = _mm256_add_epi16(_mm256_mullo_epi16(counts, scale_high),
                                                   _mm256_mulhi_epu16(counts, scale_low));
            return _mm256_srli_epi16(_mm256_add_epi16(upper, _mm256_set1_epi16(1 << 7)), 8);
        }
    };
};

}  // namespace sonogaze::avx2
