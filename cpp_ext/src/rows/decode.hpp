#pragma once

#include "rows/blocks.hpp"
#include "scalar/rows.hpp"

// Rows of pixels to rows of codes.
namespace sonogaze::rows {

template <class Lanes>
struct Clip {
    typename Lanes::Bytes low, high;

    explicit Clip(const DecodeParams& p)
        : low(Lanes::splat(static_cast<std::uint8_t>(p.low))),
          high(Lanes::splat(static_cast<std::uint8_t>(p.high))) {}
    typename Lanes::Bytes operator()(typename Lanes::Bytes codes) const {
        return Lanes::min(Lanes::max(codes, low), high);
    }
};

template <class Lanes, Into into>
static void clip_luma(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                      const DecodeParams& p, std::int64_t ahead) {
    const Clip<Lanes> clip(p);
    const std::int64_t x = each_fetched<into, Lanes::kBlock, 1>(
        src, n, 0, ahead,
        [&](std::int64_t at) { Lanes::store(grey + at, clip(Lanes::load(src + at))); });
    scalar::clip_luma(src + x, n - x, grey + x, p);
}

// Luma at byte Offset of each pair of bytes.
template <class Lanes, Into into, int Offset>
static void packed_yuv(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                       const DecodeParams& p, std::int64_t ahead) {
    const Clip<Lanes> clip(p);
    const std::int64_t x =
        each_fetched<into, Lanes::kBlock, 2>(src, n, 0, ahead, [&](std::int64_t at) {
            Lanes::store(grey + at, clip(Lanes::template every_other<Offset>(src + 2 * at)));
        });
    scalar::packed_yuv<Offset>(src + 2 * x, n - x, grey + x, p);
}

// Size bytes a pixel, R, G and B at these of them.
template <class Lanes, Into into, int Size, int R, int G, int B>
static void rgb(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey, const DecodeParams& p,
                std::int64_t ahead) {
    const std::int64_t x = each_fetched<into, Lanes::kBlock, Size>(
        src, n, Lanes::template spare<Size>, ahead, [&](std::int64_t at) {
            Lanes::store(grey + at, Lanes::template luma<Size, R, G, B>(src + at * Size));
        });
    scalar::rgb<Size, R, G, B>(src + x * Size, n - x, grey + x, p);
}

template <class Lanes, Into into>
static void gray16(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                   const DecodeParams& p, std::int64_t ahead) {
    const typename Lanes::Window window(p);
    const std::int64_t x = each_fetched<into, Lanes::kBlock, 2>(
        src, n, 0, ahead,
        [&](std::int64_t at) { Lanes::store(grey + at, window.levels(src + 2 * at)); });
    scalar::gray16(src + 2 * x, n - x, grey + x, p);
}

template <class Lanes, Into into>
static void decode_words(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                         const DecodeParams& p, std::int64_t ahead) {
    auto* const codes = reinterpret_cast<std::uint16_t*>(grey);
    const auto low = Lanes::splat_words(p.low);
    const auto high = Lanes::splat_words(p.high);
    const typename Lanes::Shift shift(p.shift);
    const std::int64_t x =
        each_fetched<into, Lanes::kBlock / 2, 2>(src, n, 0, ahead, [&](std::int64_t at) {
            const auto words = shift(Lanes::load_words(src + 2 * at));
            Lanes::store_words(codes + at, Lanes::min_words(Lanes::max_words(words, low), high));
        });
    scalar::decode_words(src + 2 * x, n - x, grey + 2 * x, p);
}

}  // namespace sonogaze::rows
