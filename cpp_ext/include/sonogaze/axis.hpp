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

    // The least common divisor of all weights that brings their sum to `most`, or 0.
    std::int32_t divisor(std::int64_t most) const;
    void divide(std::int32_t by);

    std::int64_t extent;
    std::int32_t full;  // weight of a pixel that lies wholly inside one cell
    std::vector<CellSpan> spans;
};

// The column axis as the horizontal kernel wants it, its weights times `factor`.
struct TapTable {
    TapTable(const Axis& axis, std::int32_t factor);

    TapView view() const noexcept {
        return {static_cast<std::int64_t>(first.size()),
                taps,
                first.data(),
                weights.data(),
                pairs.data(),
                lane_first.data(),
                lane_columns.data(),
                lane_weights.data()};
    }

    std::int64_t taps;
    std::vector<std::int32_t> first;
    std::vector<std::int16_t> weights;
    std::vector<std::uint8_t> pairs;
    std::vector<std::int32_t> lane_first;
    std::vector<std::uint16_t> lane_columns;
    std::vector<std::int16_t> lane_weights;

  private:
    void fill_pairs();
    void fill_lanes();
};

}  // namespace sonogaze
