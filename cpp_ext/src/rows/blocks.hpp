#pragma once

#include <cstdint>

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

// The same where a block must not be seen twice, because it is added up: whole blocks only.
template <std::int64_t Block, class Body>
static inline std::int64_t each_whole_block(std::int64_t n, const Body& body) {
    std::int64_t x = 0;
    for (; x <= n - Block; x += Block) body(x);
    return x;
}

}  // namespace sonogaze::rows
