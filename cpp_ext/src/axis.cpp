#include "sonogaze/axis.hpp"

#include <algorithm>

namespace sonogaze {

Axis::Axis(std::int64_t origin, std::int64_t extent_units, std::int64_t unit, std::int64_t cells)
    : extent(extent_units), full(static_cast<std::int32_t>(unit * cells)) {
    spans.reserve(static_cast<std::size_t>(cells));
    // On a common scale a source unit is `cells` long and a cell is `extent` long.
    const std::int64_t pixel = unit * cells;
    for (std::int64_t j = 0; j < cells; ++j) {
        const std::int64_t low = origin * cells + j * extent;
        const std::int64_t high = low + extent;
        const std::int64_t first = low / pixel;
        const std::int64_t last = (high - 1) / pixel;
        const std::int64_t first_weight = std::min((first + 1) * pixel, high) - low;
        const std::int64_t last_weight = last > first ? high - last * pixel : 0;
        spans.push_back({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last),
                         static_cast<std::int32_t>(first_weight),
                         static_cast<std::int32_t>(last_weight)});
    }
}

TapTable::TapTable(const Axis& axis) : cells(static_cast<std::int32_t>(axis.spans.size())) {
    std::int32_t widest = 1;
    for (const CellSpan& span : axis.spans) widest = std::max(widest, span.last - span.first + 1);
    taps = (widest + kTapBlock - 1) / kTapBlock * kTapBlock;
    first.reserve(axis.spans.size());
    weights.assign(axis.spans.size() * static_cast<std::size_t>(taps), 0);
    std::size_t row = 0;
    for (const CellSpan& span : axis.spans) {
        first.push_back(span.first);
        const auto count = static_cast<std::size_t>(span.last - span.first) + 1;
        const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(row);
        std::fill_n(begin, count, static_cast<std::int16_t>(axis.full));
        *begin = static_cast<std::int16_t>(span.first_weight);
        if (count > 1) {
            weights[row + count - 1] = static_cast<std::int16_t>(span.last_weight);
        }
        row += static_cast<std::size_t>(taps);
    }
}

}  // namespace sonogaze
