#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sonogaze::region {

// One byte a cell, row after row.
struct Map {
    Map(int columns, int rows)
        : width(columns),
          height(rows),
          cells(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows)) {}

    std::uint8_t* row(int y) noexcept { return cells.data() + std::ptrdiff_t{y} * width; }
    const std::uint8_t* row(int y) const noexcept {
        return cells.data() + std::ptrdiff_t{y} * width;
    }
    int count() const noexcept { return width * height; }

    int width, height;
    std::vector<std::uint8_t> cells;
};

struct Rect {  // columns x0 .. x1 - 1, rows y0 .. y1 - 1
    int x0, y0, x1, y1;

    int width() const noexcept { return x1 - x0; }
    int height() const noexcept { return y1 - y0; }
};

// Combines bytes of `to` with those of `from`. Plain pointers: a byte written through the map could
// be the map's own address, which keeps compilers from vectors.
template <class Combine>
void into(std::uint8_t* to, const std::uint8_t* from, int count, Combine combine) {
    for (int x = 0; x < count; ++x) to[x] = combine(to[x], from[x]);
}

template <class Combine>
void into(Map& to, const Map& from, Combine combine) {
    into(to.cells.data(), from.cells.data(), to.count(), combine);
}

constexpr auto kEither = [](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(a | b);
};
constexpr auto kBoth = [](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(a & b);
};

struct Span {  // columns x0 .. x1 - 1
    int x0, x1;
};

// From the first to the last set cell of a row; empty where there is none.
Span set_span(const std::uint8_t* row, int width) noexcept;

int count_set(const Map& mask) noexcept;

// How often each value is among so many bytes, which often repeat.
using Histogram = std::array<int, 256>;
void tally(const std::uint8_t* values, int count, Histogram& histogram) noexcept;

// Cells around which at least `share` of a square of 2 * radius + 1 cells a side is set; of the
// part of the square inside the map, at its borders.
Map dense(const Map& mask, int radius, double share);

// Cells with a set one within `radius` rows and columns.
Map grown(const Map& mask, int radius);

// Largest minus least value of three by three cells.
Map contrast_of(const Map& level);

// Every cell between the first and the last set one of its row and of its column.
Map filled(const Map& mask);

// The cells of a part of a map.
Map cut(const Map& map, const Rect& area);

// A rectangle with so many cells more on each side, as far as the map goes.
Rect widened(const Rect& box, int columns, int rows, const Map& map);

// The rectangle around all set cells; empty where there are none.
Rect box_of(const Map& mask);

}  // namespace sonogaze::region
