#pragma once

#include <algorithm>
#include <memory>

#include "region/grid.hpp"

namespace sonogaze::region {

inline constexpr double kDegrees = 57.29577951308232;  // in a radian

// What lies in a span of cells.
struct Cells {
    int all, image, flat;
};

// How many cells of an image, and how many flat ones beside it, each row holds up to a column. One
// table serves every weighing of these; a span of it costs two look-ups.
class RowSums {
  public:
    // What is neither in `image` nor in `structure` is flat, inside the box.
    RowSums(const Map& structure, const Map& image, const Rect& box);

    // Of cells whose centres lie in [x0, x1).
    Cells span(int y, double x0, double x1) const noexcept {
        const double limit = width_;
        const auto a = static_cast<int>(std::clamp(x0 + 0.5, 0.0, limit));
        const auto b = static_cast<int>(std::clamp(x1 + 0.5, 0.0, limit));
        if (b <= a) return {0, 0, 0};
        const std::uint32_t* const row = sums_.get() + std::ptrdiff_t{y} * (width_ + 1);
        const std::uint32_t sum = row[b] - row[a];
        return {b - a, static_cast<int>(sum / kImage), static_cast<int>(sum % kImage)};
    }
    int width() const noexcept { return width_; }
    int height() const noexcept { return height_; }

  private:
    // A row's two sums share a number: both are below 2048.
    static constexpr std::uint32_t kImage = 1 << 16, kFlat = 1;

    int width_, height_;
    std::unique_ptr<std::uint32_t[]> sums_;
};

// What a cell adds to a region that holds it: positive inside the image, negative outside.
struct Gains {
    const RowSums& sums;
    int image, flat, other;

    int span(int y, double x0, double x1) const noexcept {
        const Cells cells = sums.span(y, x0, x1);
        return other * cells.all + (image - other) * cells.image + (flat - other) * cells.flat;
    }
    int width() const noexcept { return sums.width(); }
    int height() const noexcept { return sums.height(); }
};

// Sides of a rectangle between cells.
struct Window {
    double x0, y0, x1, y1;
};

struct Shape {
    bool sector;
    double numbers[6];
    double gain;
    Window window;  // a sector is cut to it
    bool clipped;   // whether that takes anything away
};

// The rectangle, and the sector, of the largest gain that a search from the component's outline
// reaches. A sector of no gain where the sides don't run apart. The last may be cut by a window.
Shape best_rectangle(const Gains& gains, const Rect& start);
Shape best_sector(const Gains& gains, const Map& filled, const Rect& box);
Shape best_clipped_sector(const Gains& gains, const Map& filled, const Rect& box);

// Of any shape; the least number for an impossible one.
int gain_of(const Gains& gains, const Shape& shape);

}  // namespace sonogaze::region
