#pragma once

#include <cstdint>
#include <numeric>

#include "fetch.hpp"

// Row kernels, written once over a lane type: `avx2::Lanes` and `neon::Lanes` supply what one
// vector does, the loops and the ends of rows are here. Lanes::kBlock is the number of bytes of a
// vector. Every template depends on its lanes and is static, so that no two instruction sets share
// a compiled copy.
namespace sonogaze::rows {

// Calls body(x) for blocks of Block pixels from 0 on. The last block repeats some pixels of the one
// before it rather than reading beyond the row, of which it needs `spare` pixels after it. Returns
// how many pixels are done: none of a row that is too short, which the scalar kernels take.
template <std::int64_t Block, class Body>
static inline std::int64_t each_block(std::int64_t n, std::int64_t spare, const Body& body) {
    const std::int64_t last = n - Block - spare;
    std::int64_t x = 0;
    for (; x <= last; x += Block) body(x);
    if (x < n && last >= 0) {
        body(last);
        x = last + Block;
    }
    return x;
}

// Pixels of up to so many bytes are decoded faster than memory supplies them, while nothing is read
// when they are weighed: half of their lines are fetched then. Measured for this level alone.
template <Into into>
constexpr std::int64_t kHalvedPixelBytes = into == Into::first_level ? 2 : 0;

// The same over pixels of Size bytes from src on, and the lines `ahead` of each are fetched on the
// way, or every other one: a group of blocks is a whole number of what one fetch stands for.
template <Into into, std::int64_t Block, int Size, class Body>
static inline std::int64_t each_fetched(const std::uint8_t* src, std::int64_t n, std::int64_t spare,
                                        std::int64_t ahead, const Body& body) {
    constexpr std::int64_t kStep = Size <= kHalvedPixelBytes<into> ? 2 * kLine : kLine;
    constexpr std::int64_t kGroup = std::lcm(Block * Size, kStep) / Size;  // pixels
    const std::uintptr_t from =
        reinterpret_cast<std::uintptr_t>(src) + static_cast<std::uintptr_t>(ahead);
    std::int64_t x = 0;
    for (; x <= n - kGroup - spare; x += kGroup) {
        fetch_lines<into, kStep>(from + static_cast<std::uintptr_t>(x * Size), kGroup * Size);
        for (std::int64_t k = 0; k < kGroup; k += Block) body(x + k);
    }
    if (x < n) fetch_bytes<into>(from + static_cast<std::uintptr_t>(x * Size), (n - x) * Size);
    const std::int64_t last = n - Block - spare;
    for (; x <= last; x += Block) body(x);
    if (x < n && last >= 0) {
        body(last);
        x = last + Block;
    }
    return x;
}

// The same where a block must not be seen twice, because it is added up: whole blocks only.
template <std::int64_t Block, class Body>
static inline std::int64_t each_whole_block(std::int64_t n, const Body& body) {
    std::int64_t x = 0;
    for (; x <= n - Block; x += Block) body(x);
    return x;
}

}  // namespace sonogaze::rows
