#include "sonogaze/axis.hpp"

#include <algorithm>
#include <numeric>

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

std::int32_t Axis::divisor(std::int64_t most) const {
    std::int32_t common = full;
    for (const CellSpan& span : spans) {
        common = std::gcd(common, std::gcd(span.first_weight, span.last_weight));
    }
    for (std::int32_t d = 1; d <= common; ++d) {
        if (common % d == 0 && extent / d <= most) return d;
    }
    return 0;
}

void Axis::divide(std::int32_t by) {
    extent /= by;
    full /= by;
    for (CellSpan& span : spans) {
        span.first_weight /= by;
        span.last_weight /= by;
    }
}

TapTable::TapTable(const Axis& axis, std::int32_t factor) {
    std::int64_t widest = 1;
    for (const CellSpan& span : axis.spans) {
        widest = std::max<std::int64_t>(widest, span.last - span.first + 1);
    }
    taps = widest <= 4 ? 4 : widest <= 8 ? 8 : (widest + 15) / 16 * 16;
    const auto block = static_cast<std::size_t>(kCellBlock);
    const std::size_t cells = (axis.spans.size() + block - 1) / block * block;
    first.assign(cells, 0);
    weights.assign(cells * static_cast<std::size_t>(taps), 0);
    for (std::size_t j = 0; j < axis.spans.size(); ++j) {
        const CellSpan& span = axis.spans[j];
        first[j] = span.first;
        std::int16_t* row = weights.data() + j * static_cast<std::size_t>(taps);
        const std::int32_t count = span.last - span.first + 1;
        std::fill_n(row, count, static_cast<std::int16_t>(axis.full * factor));
        row[0] = static_cast<std::int16_t>(span.first_weight * factor);
        if (count > 1) row[count - 1] = static_cast<std::int16_t>(span.last_weight * factor);
    }
    if (taps != 4) return;
    fill_pairs();
    fill_lanes();
}

// Cells of 4 columns at most lie side by side, so that a pair of them lies within kPairColumns.
void TapTable::fill_pairs() {
    for (std::size_t j = 0; j < first.size(); ++j) {
        // Cells that only fill the table up weigh nothing: any column will do.
        const std::int32_t from = std::max(first[j] - first[j / 2 * 2], 0);
        for (std::int32_t byte = 2 * from; byte < 2 * (from + 4); ++byte) {
            pairs.push_back(static_cast<std::uint8_t>(byte));
        }
    }
}

// Eight cells of 4 columns at most lie within 32 columns, and those within two lines of sums.
void TapTable::fill_lanes() {
    const auto block = static_cast<std::size_t>(kLaneCells);
    for (std::size_t j = 0; j < first.size(); j += block) {
        const std::int32_t line = first[j] / kLineColumns * kLineColumns;
        lane_first.push_back(line);
        for (std::size_t tap = 0; tap < 4; tap += 2) {
            for (std::size_t k = 2 * j; k < 2 * (j + block); ++k) {
                const std::size_t cell = k / 2;
                const std::size_t at = tap + k % 2;
                // Cells that only fill the table up weigh nothing: any column will do.
                const std::int32_t from = std::max(first[cell] - line, 0);
                lane_columns.push_back(
                    static_cast<std::uint16_t>(from + static_cast<std::int32_t>(at)));
                lane_weights.push_back(weights[4 * cell + at]);
            }
        }
    }
}

}  // namespace sonogaze
