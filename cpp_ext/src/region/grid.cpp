#include "region/grid.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze::region {
namespace {

// Rows are combined byte by byte, which compilers turn into vectors.
template <class Combine>
void into(std::uint8_t* to, const std::uint8_t* from, int count, Combine combine) {
    for (int x = 0; x < count; ++x) to[x] = combine(to[x], from[x]);
}

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
    Map down = map, out(map.width, map.height);
    for (int y = 0; y < map.height; ++y) {
        const int last = std::min(y + radius, map.height - 1);
        for (int other = std::max(y - radius, 0); other <= last; ++other) {
            into(down.row(y), map.row(other), map.width, combine);
        }
        along(down.row(y), out.row(y), map.width, radius, combine);
    }
    return out;
}

}  // namespace

Map grown(const Map& mask, int radius) { return over_squares(mask, radius, kMax); }

Map contrast_of(const Map& level) {
    Map high = over_squares(level, 1, kMax);
    const Map low = over_squares(level, 1, kMin);
    into(high.cells.data(), low.cells.data(), level.count(),
         [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a - b); });
    return high;
}

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
        for (std::size_t x = 0; x < columns.size(); ++x) sums[x + 1] = sums[x] + columns[x];
        const int rows = std::min(y + radius + 1, height) - std::max(y - radius, 0);
        for (int x = 0; x < width; ++x) {
            const int x0 = std::max(x - radius, 0), x1 = std::min(x + radius + 1, width);
            const int set = sums[static_cast<std::size_t>(x1)] - sums[static_cast<std::size_t>(x0)];
            out.row(y)[x] = static_cast<double>(set) >= share * ((x1 - x0) * rows) ? 1 : 0;
        }
    }
    return out;
}

Map filled(const Map& mask) {
    const Rect box = box_of(mask);
    Map out(mask.width, mask.height);
    std::vector<int> top(static_cast<std::size_t>(mask.width), mask.height), bottom = top;
    for (int y = box.y0; y < box.y1; ++y) {
        const std::uint8_t* const row = mask.row(y);
        for (int x = box.x0; x < box.x1; ++x) {
            const auto i = static_cast<std::size_t>(x);
            if (row[x] == 0) continue;
            top[i] = std::min(top[i], y);
            bottom[i] = y;
        }
    }
    for (int y = box.y0; y < box.y1; ++y) {
        const std::uint8_t* const row = mask.row(y);
        const auto* const first = std::find(row + box.x0, row + box.x1, std::uint8_t{1});
        for (auto x = static_cast<int>(first - row), end = box.x1; x < end; ++x) {
            while (end > x && row[end - 1] == 0) --end;
            const auto i = static_cast<std::size_t>(x);
            out.row(y)[x] = y >= top[i] && y <= bottom[i] ? 1 : 0;
        }
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
        const std::uint8_t* const row = mask.row(y);
        const auto* const first = std::find(row, row + mask.width, std::uint8_t{1});
        if (first == row + mask.width) continue;
        int end = mask.width;
        while (row[end - 1] == 0) --end;
        box = {std::min(box.x0, static_cast<int>(first - row)), std::min(box.y0, y),
               std::max(box.x1, end), y + 1};
    }
    return box;
}

}  // namespace sonogaze::region
