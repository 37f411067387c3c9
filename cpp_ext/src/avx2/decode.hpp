#pragma once

#include "avx2/lanes.hpp"
#include "scalar/rows.hpp"

// Rows to grey, 32 pixels at a time. A row's end repeats some pixels of the block before it
// rather than reading beyond the row; shorter rows are left to the scalar kernels.
namespace sonogaze::avx2 {

constexpr std::int64_t kBlock = 32;

// Where the colours lie among the four bytes of a pixel.
template <int R, int G, int B>
struct Order {
    static constexpr std::int32_t weight(int byte) {
        return byte == R   ? scalar::kLumaR
               : byte == G ? scalar::kLumaG
               : byte == B ? scalar::kLumaB
                           : 0;
    }
    static constexpr int red = R;
    static constexpr int blue = B;
};

// Eight pixels of four bytes to eight 32-bit luma values.
template <class Channels>
static inline __m256i luma_of(__m256i pixels) {
    const __m256i even = _mm256_set1_epi32(Channels::weight(0) |
                                           static_cast<std::int32_t>(Channels::weight(2) << 16));
    const __m256i odd = _mm256_set1_epi32(Channels::weight(1) |
                                          static_cast<std::int32_t>(Channels::weight(3) << 16));
    const __m256i low = _mm256_and_si256(pixels, _mm256_set1_epi16(0xFF));
    const __m256i high = _mm256_srli_epi16(pixels, 8);
    const __m256i sum =
        _mm256_add_epi32(_mm256_madd_epi16(low, even), _mm256_madd_epi16(high, odd));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(scalar::kLumaHalf)),
                             scalar::kLumaShift);
}

// Eight pixels of three bytes as eight of four, the fourth zero. Reads 28 bytes.
static inline __m256i spread_24(const std::uint8_t* src) {
    const __m256i shuffle = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,
                                             0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    return _mm256_shuffle_epi8(load_pair(src, src + 12), shuffle);
}

struct Bytes4 {
    static constexpr std::int64_t size = 4;
    static constexpr std::int64_t spare = 0;  // pixels that must follow a block
    static __m256i eight(const std::uint8_t* src) { return load(src); }
};

struct Bytes3 {
    static constexpr std::int64_t size = 3;
    static constexpr std::int64_t spare = 2;
    static __m256i eight(const std::uint8_t* src) { return spread_24(src); }
};

template <class Pixel, class Channels>
static inline void rgb_block(const std::uint8_t* src, std::uint8_t* grey) {
    const __m256i a = luma_of<Channels>(Pixel::eight(src));
    const __m256i b = luma_of<Channels>(Pixel::eight(src + 8 * Pixel::size));
    const __m256i c = luma_of<Channels>(Pixel::eight(src + 16 * Pixel::size));
    const __m256i d = luma_of<Channels>(Pixel::eight(src + 24 * Pixel::size));
    store(grey, pack_bytes(a, b, c, d));
}

template <class Pixel, int R, int G, int B>
static void rgb(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                const DecodeParams& p) {
    using Channels = Order<R, G, B>;
    const std::int64_t end = n - kBlock - Pixel::spare;
    std::int64_t x = 0;
    for (; x <= end; x += kBlock) {
        rgb_block<Pixel, Channels>(src + x * Pixel::size, grey + x);
    }
    if (x < n && end >= 0) {
        rgb_block<Pixel, Channels>(src + end * Pixel::size, grey + end);
        x = end + kBlock;
    }
    scalar::rgb<static_cast<int>(Pixel::size), R, G, B>(src + x * Pixel::size, n - x, grey + x, p);
}

static inline __m256i clip(__m256i codes, const DecodeParams& p) {
    const __m256i low = _mm256_set1_epi8(static_cast<char>(p.low));
    const __m256i high = _mm256_set1_epi8(static_cast<char>(p.high));
    return _mm256_min_epu8(_mm256_max_epu8(codes, low), high);
}

template <int Offset>
static inline __m256i luma_words(const std::uint8_t* src) {
    const __m256i pairs = load(src);
    if constexpr (Offset == 0) return _mm256_and_si256(pairs, _mm256_set1_epi16(0xFF));
    return _mm256_srli_epi16(pairs, 8);
}

template <int Offset>
static void packed_yuv(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                       const DecodeParams& p) {
    const auto block = [&](std::int64_t x) {
        const __m256i a = luma_words<Offset>(src + 2 * x);
        const __m256i b = luma_words<Offset>(src + 2 * x + 32);
        store(grey + x, clip(pack_words(a, b), p));
    };
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        block(x);
    }
    if (x < n && n >= kBlock) {
        block(n - kBlock);
        return;
    }
    scalar::packed_yuv<Offset>(src + 2 * x, n - x, grey + x, p);
}

static void clip_luma(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                      const DecodeParams& p) {
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        store(grey + x, clip(load(src + x), p));
    }
    if (x < n && n >= kBlock) {
        store(grey + n - kBlock, clip(load(src + n - kBlock), p));
        return;
    }
    scalar::clip_luma(src + x, n - x, grey + x, p);
}

// Sixteen levels as 16-bit numbers. The product's upper half is whole: the window's scale times
// 2^16 adds nothing to the lower half.
static inline __m256i window_levels(const std::uint8_t* src, const DecodeParams& p) {
    const __m256i low = _mm256_set1_epi16(static_cast<std::int16_t>(p.window_low));
    const __m256i high = _mm256_set1_epi16(static_cast<std::int16_t>(p.window_high));
    const __m256i scale_low = _mm256_set1_epi16(static_cast<std::int16_t>(p.window_scale));
    const __m256i scale_high = _mm256_set1_epi16(static_cast<std::int16_t>(p.window_scale >> 16));
    const __m256i clipped = _mm256_min_epu16(_mm256_max_epu16(load(src), low), high);
    const __m256i counts = _mm256_sub_epi16(clipped, low);
    const __m256i upper = _mm256_add_epi16(_mm256_mullo_epi16(counts, scale_high),
                                           _mm256_mulhi_epu16(counts, scale_low));
    return _mm256_srli_epi16(_mm256_add_epi16(upper, _mm256_set1_epi16(1 << 7)), 8);
}

static void gray16(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                   const DecodeParams& p) {
    const auto block = [&](std::int64_t x) {
        store(grey + x,
              pack_words(window_levels(src + 2 * x, p), window_levels(src + 2 * x + 32, p)));
    };
    std::int64_t x = 0;
    for (; x <= n - kBlock; x += kBlock) {
        block(x);
    }
    if (x < n && n >= kBlock) {
        block(n - kBlock);
        return;
    }
    scalar::gray16(src + 2 * x, n - x, grey + x, p);
}

}  // namespace sonogaze::avx2
