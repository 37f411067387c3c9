#pragma once

#include <cstdint>

#include "sonogaze/plan.hpp"

namespace sonogaze {

// An attention map of rows x columns cells that cover a tensor, and where the region lies in it.
struct AttentionMap {
    const float* cells;
    std::int64_t rows, columns;
    std::int64_t tensor_width, tensor_height;
    Inner inner;  // cells of the tensor that are not padding
};

// Throws Error where a side is not positive or the inner rectangle is not inside the tensor.
void check_attention_map(const AttentionMap& map);

// Spread a map over the frame's pixels: bilinear between the centres of its cells, so that the map
// lies where the region lay. Cells wholly in padding have no part in it. out: width * height floats
// of the frame, every one written, 0 outside the region; their sum is 1, or 0 where no cell that
// covers the region has any attention.
void spread_attention(const Layout& layout, const AttentionMap& map, float* out);

}  // namespace sonogaze
