#include "region/grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace sonogaze::region {
namespace {

constexpr auto kMax = [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); };
constexpr auto kMin = [](std::uint8_t a, std::uint8_t b) { return std::min(a, b); };

// The row combined with itself up to `radius` cells to either side.
template <class Combine>
void along(const std::uint8_t* row, std::uint8_t* out, int width, int radius, Combine combine) {
    std::copy_n(row, width, out);
    for (int d = 1; d <= std::min(radius, width - 1); ++d) {
        into(out + d, row, width - d, combine);
        into(out, row + d, width - d, combine);
    }
}

// The map combined over squares.
template <class Combine>
Map over_squares(const Map& map, int radius, Combine combine) {
    Map out(map.width, map.height), down(map.width, 1);
    for (int y = 0; y < map.height; ++y) {
        std::copy_n(map.row(y), map.width, down.row(0));
        const int last = std::min(y + radius, map.height - 1);
        for (int other = std::max(y - radius, 0); other <= last; ++other) {
            if (other != y) into(down.row(0), map.row(other), map.width, combine);
        }
        along(down.row(0), out.row(y), map.width, radius, combine);
    }
    return out;
}

bool alike8(const std::uint8_t* values, std::uint8_t value) noexcept {
    std::uint64_t eight = 0;
    std::memcpy(&eight, values, sizeof eight);
    return eight == value * 0x0101010101010101U;
}

}  // namespace

Map grown(const Map& mask, int radius) { return over_squares(mask, radius, kMax); }

Span set_span(const std::uint8_t* row, int width) noexcept {
    int first = 0, end = width;
    while (end - first >= 8 && alike8(row + first, 0)) first += 8;
    while (first < end && row[first] == 0) ++first;
    if (first == end) return {0, 0};
    while (end - first >= 8 && alike8(row + end - 8, 0)) end -= 8;
    while (row[end - 1] == 0) --end;
    return {first, end};
}

int count_set(const Map& mask) noexcept {
    int set = 0;
    for (const std::uint8_t cell : mask.cells) set += cell;
    return set;
}

void tally(const std::uint8_t* values, int count, Histogram& histogram) noexcept {
    int i = 0;
    // counting one value again and again waits for its own last store
    for (; i + 8 <= count; i += 8) {
        if (alike8(values + i, values[i])) {
            histogram[values[i]] += 8;
        } else {
            for (int k = i; k < i + 8; ++k) ++histogram[values[k]];
        }
    }
    for (; i < count; ++i) ++histogram[values[i]];
}

Map contrast_of(const Map& level) {
    Map high = over_squares(level, 1, kMax);
    into(high, over_squares(level, 1, kMin),
         [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a - b); });
    return high;
}

namespace {

// How many of a square of so many rows and columns must be set.
struct Needed {
    double share;

    int of(int columns, int rows) const noexcept {
        return static_cast<int>(std::ceil(share * (columns * rows)));
    }
};

// sums: of the columns before each. Writes 1 where the columns within `radius` hold enough.
void mark_dense(const int* sums, int width, int radius, int rows, Needed needed,
                std::uint8_t* out) {
    const auto at_border = [&](int x) {
        const int x0 = std::max(x - radius, 0), x1 = std::min(x + radius + 1, width);
        out[x] = sums[x1] - sums[x0] >= needed.of(x1 - x0, rows) ? 1 : 0;
    };
    const int begin = std::min(radius, width), end = std::max(width - radius, begin);
    for (int x = 0; x < begin; ++x) at_border(x);
    const int whole = 2 * radius + 1, least = needed.of(whole, rows);
    for (int x = begin; x < end; ++x) {
        out[x] = sums[x - begin + whole] - sums[x - begin] >= least ? 1 : 0;
    }
    for (int x = end; x < width; ++x) at_border(x);
}

}  // namespace

Map dense(const Map& mask, int radius, double share) {
    const int width = mask.width, height = mask.height;
    Map out(width, height);
    std::vector<int> columns(static_cast<std::size_t>(width), 0);
    std::vector<int> sums(static_cast<std::size_t>(width) + 1, 0);
    const auto add = [&](int y, int sign) {
        const std::uint8_t* const row = mask.row(y);
        for (std::size_t x = 0; x < columns.size(); ++x) columns[x] += sign * row[x];
    };
    for (int y = 0; y < std::min(radius, height); ++y) add(y, 1);
    for (int y = 0; y < height; ++y) {
        if (y + radius < height) add(y + radius, 1);
        if (y - radius > 0) add(y - radius - 1, -1);
        std::partial_sum(columns.begin(), columns.end(), sums.begin() + 1);
        const int rows = std::min(y + radius + 1, height) - std::max(y - radius, 0);
        mark_dense(sums.data(), width, radius, rows, {share}, out.row(y));
    }
    return out;
}

Map filled(const Map& mask) {
    Map out = mask, below(mask.width, 1);  // 1 where a row at or above, or at or below, is set
    for (int y = 1; y < mask.height; ++y) into(out.row(y), out.row(y - 1), mask.width, kEither);
    for (int y = mask.height - 1; y >= 0; --y) {
        into(below.row(0), mask.row(y), mask.width, kEither);
        into(out.row(y), below.row(0), mask.width, kBoth);
        const Span span = set_span(mask.row(y), mask.width);
        std::fill_n(out.row(y), span.x0, std::uint8_t{0});
        std::fill(out.row(y) + span.x1, out.row(y) + mask.width, std::uint8_t{0});
    }
    return out;
}

Map cut(const Map& map, const Rect& area) {
    Map part(area.width(), area.height());
    for (int y = 0; y < part.height; ++y) {
        std::copy_n(map.row(area.y0 + y) + area.x0, part.width, part.row(y));
    }
    return part;
}

Rect widened(const Rect& box, int columns, int rows, const Map& map) {
    return {std::max(box.x0 - columns, 0), std::max(box.y0 - rows, 0),
            std::min(box.x1 + columns, map.width), std::min(box.y1 + rows, map.height)};
}

Rect box_of(const Map& mask) {
    Rect box{mask.width, mask.height, 0, 0};
    for (int y = 0; y < mask.height; ++y) {
        const Span span = set_span(mask.row(y), mask.width);
        if (span.x0 == span.x1) continue;
        box = {std::min(box.x0, span.x0), std::min(box.y0, y), std::max(box.x1, span.x1), y + 1};
    }
    return box;
}

}  // namespace sonogaze::region
