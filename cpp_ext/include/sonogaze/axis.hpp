#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sonogaze/kernels.hpp"

namespace sonogaze {

// One output cell along an axis covers source pixels first..last (both included). Whole pixels in
// between weigh `full`; the two ends weigh what they overlap. The weights of a cell sum to extent.
struct CellSpan {
    std::int32_t first, last;
    std::int32_t first_weight, last_weight;  // last_weight is 0 where last == first
};

// Exact area resampling of `extent` source units onto `cells` cells. A pixel is `unit` units wide
// and pixel 0 starts `origin` units before the extent does.
struct Axis {
    Axis(std::int64_t origin, std::int64_t extent, std::int64_t unit, std::int64_t cells);

    std::int64_t extent;
    std::int32_t full;  // weight of a pixel that lies wholly inside one cell
    std::vector<CellSpan> spans;
};

// The column axis as the horizontal kernel wants it.
struct TapTable {
    explicit TapTable(const Axis& axis);

    TapView view() const noexcept {
        return {static_cast<std::int64_t>(first.size()), taps, first.data(), weights.data()};
    }

    std::int64_t taps;
    std::vector<std::int32_t> first;
    std::vector<std::int16_t> weights;
};

}  // namespace sonogaze
