#pragma once

#include "sonogaze/kernels.hpp"

// Row kernels in plain C++: the specification, and the ends of rows in every other set. `static`
// keeps one copy for each file, compiled for that file's instruction set.
namespace sonogaze::scalar {

// Luma of Rec. ITU-R BT.601-7, 2.5.1, in 15-bit fixed point. The weights sum to 2^15, so that a
// grey pixel keeps its value.
constexpr std::int32_t kLumaR = 9798;
constexpr std::int32_t kLumaG = 19235;
constexpr std::int32_t kLumaB = 3735;
constexpr std::int32_t kLumaShift = 15;
constexpr std::int32_t kLumaHalf = 1 << (kLumaShift - 1);
constexpr std::int32_t kNeutralChroma = 128;

static inline std::int32_t luma(std::int32_t r, std::int32_t g, std::int32_t b) {
    return (kLumaR * r + kLumaG * g + kLumaB * b + kLumaHalf) >> kLumaShift;
}

// Clips codes of 8 bits, or of more. Limits of the code's own type: with wider ones GCC 12 makes no
// vectors of a loop.
template <class Code>
struct Clip {
    Code low, high;

    explicit Clip(const DecodeParams& p)
        : low(static_cast<Code>(p.low)), high(static_cast<Code>(p.high)) {}
    Code operator()(Code code) const { return code < low ? low : (code > high ? high : code); }
};

static inline std::uint16_t word(const std::uint8_t* src) {
    return static_cast<std::uint16_t>(src[0] | src[1] << 8);
}

// A row of codes as RowPair holds it.
template <class Code>
static inline const Code* row_of(const std::uint8_t* row) {
    return reinterpret_cast<const Code*>(row);
}

// R, G and B are byte offsets within a pixel of Size bytes.
template <int Size, int R, int G, int B>
static void rgb(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey, const DecodeParams&) {
    for (std::int64_t x = 0; x < n; ++x, src += Size) {
        grey[x] = static_cast<std::uint8_t>(luma(src[R], src[G], src[B]));
    }
}

// Luma at byte Offset of each pair of bytes.
template <int Offset>
static void packed_yuv(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                       const DecodeParams& p) {
    const Clip<std::uint8_t> clip(p);
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[2 * x + Offset]);
}

[[maybe_unused]] static void clip_luma(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                                       const DecodeParams& p) {
    const Clip<std::uint8_t> clip(p);
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[x]);
}

// (v - low) * 255 / (high - low) to the nearest level, v clipped to low..high.
[[maybe_unused]] static void gray16(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                                    const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x, src += 2) {
        const std::uint32_t v = word(src);
        const std::uint32_t raised = v < p.window_low ? p.window_low : v;
        const std::uint32_t clipped = raised > p.window_high ? p.window_high : raised;
        const std::uint32_t level = (clipped - p.window_low) * p.window_scale;
        grey[x] = static_cast<std::uint8_t>((level + (std::uint32_t{1} << 23)) >> 24);
    }
}

// One pair at a time, in 16 bits: compilers turn that into vectors of their own accord.
template <class Code>
static void weigh_pairs(const RowPair* pairs, std::int64_t count, std::int64_t n,
                        std::uint16_t* sums, bool onto) {
    for (std::int64_t p = 0; p < count; ++p) {
        const Code* a = row_of<Code>(pairs[p].rows[0]);
        const Code* b = row_of<Code>(pairs[p].rows[1]);
        const std::uint16_t weight_a = pairs[p].weights[0];
        const std::uint16_t weight_b = pairs[p].weights[1];
        const std::uint16_t keep = p > 0 || onto ? 1 : 0;
        for (std::int64_t x = 0; x < n; ++x) {
            sums[x] =
                static_cast<std::uint16_t>(keep * sums[x] + weight_a * a[x] + weight_b * b[x]);
        }
    }
}

[[maybe_unused]] static void weigh_rows(const RowPair* pairs, std::int64_t count, std::int64_t n,
                                        std::uint16_t* sums, bool onto, const RowsAhead&) {
    weigh_pairs<std::uint8_t>(pairs, count, n, sums, onto);
}

static inline bool beyond(std::int32_t value, std::int32_t centre, std::int32_t limit) {
    const std::int32_t distance = value - centre;
    return distance > limit || -distance > limit;
}

template <int Size, int R, int B>
static std::int64_t colored_rgb(const std::uint8_t* src, const std::uint8_t* grey, std::int64_t n,
                                std::uint8_t limit) {
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < n; ++x, src += Size) {
        count += beyond(src[R], grey[x], limit) || beyond(src[B], grey[x], limit);
    }
    return count;
}

[[maybe_unused]] static void decode_words(const std::uint8_t* src, std::int64_t n,
                                          std::uint8_t* grey, const DecodeParams& p) {
    auto* const codes = reinterpret_cast<std::uint16_t*>(grey);
    const Clip<std::uint16_t> clip(p);
    for (std::int64_t x = 0; x < n; ++x) {
        codes[x] = clip(static_cast<std::uint16_t>(word(src + 2 * x) >> p.shift));
    }
}

[[maybe_unused]] static void weigh_wide(const RowPair* pairs, std::int64_t count, std::int64_t n,
                                        std::uint16_t* sums, bool onto, const RowsAhead&) {
    weigh_pairs<std::uint16_t>(pairs, count, n, sums, onto);
}

template <class Code>
static void count_levels(const Code* codes, std::int64_t n, Code black, LevelCounts& counts) {
    std::int64_t sum = 0;
    std::int64_t dark = 0;
    for (std::int64_t x = 0; x < n; ++x) {
        sum += codes[x];
        dark += codes[x] <= black;
    }
    counts.sum += sum;
    counts.black += dark;
}

// Chroma samples of 8 bits lie Step bytes apart.
template <int Step>
static std::int64_t colored_yuv(const ChromaRow& row, std::int64_t n, const ColorLimits& limits) {
    const std::uint8_t* u = row.u;
    const std::uint8_t* v = row.v;
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < n; ++x, u += Step, v += Step) {
        count += beyond(*u, kNeutralChroma, limits.cb) || beyond(*v, kNeutralChroma, limits.cr);
    }
    return count;
}

// Samples of words lie `step` bytes apart.
[[maybe_unused]] static std::int64_t color_wide(const ChromaRow& row, std::int64_t n,
                                                const DecodeParams& p, const ColorLimits& limits,
                                                int step, int neutral) {
    std::int64_t count = 0;
    for (std::int64_t x = 0; x < n; ++x) {
        const int u = word(row.u + x * step) >> p.shift;
        const int v = word(row.v + x * step) >> p.shift;
        count += beyond(u, neutral, limits.cb) || beyond(v, neutral, limits.cr);
    }
    return count;
}

}  // namespace sonogaze::scalar
