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

TapTable::TapTable(const Axis& axis) {
    std::int64_t widest = 1;
    for (const CellSpan& span : axis.spans) {
        widest = std::max<std::int64_t>(widest, span.last - span.first + 1);
    }
    taps = widest <= 8 ? 8 : (widest + 15) / 16 * 16;
    const auto block = static_cast<std::size_t>(kCellBlock);
    const std::size_t cells = (axis.spans.size() + block - 1) / block * block;
    first.assign(cells, 0);
    weights.assign(cells * static_cast<std::size_t>(taps), 0);
    for (std::size_t j = 0; j < axis.spans.size(); ++j) {
        const CellSpan& span = axis.spans[j];
        first[j] = span.first;
        std::int16_t* row = weights.data() + j * static_cast<std::size_t>(taps);
        const std::int32_t count = span.last - span.first + 1;
        std::fill_n(row, count, static_cast<std::int16_t>(axis.full));
        row[0] = static_cast<std::int16_t>(span.first_weight);
        if (count > 1) row[count - 1] = static_cast<std::int16_t>(span.last_weight);
    }
}

}  // namespace sonogaze
