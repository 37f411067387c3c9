#pragma once

#include "region/grid.hpp"

namespace sonogaze::region {

// What a cell adds to a region that holds it: positive inside the image, negative outside. Sums
// along rows make a span's sum two look-ups.
class Gains {
  public:
    Gains(int width, int height)
        : width_(width), height_(height), sums_(static_cast<std::size_t>((width + 1) * height)) {}

    // Gains of row y, by column.
    template <class Gain>
    void set_row(int y, Gain gain) {
        int* const row = sums_.data() + std::ptrdiff_t{y} * (width_ + 1);
        for (int x = 0; x < width_; ++x) row[x + 1] = row[x] + gain(x);
    }
    // Of cells whose centres lie in [x0, x1).
    int span(int y, double x0, double x1) const noexcept;
    int width() const noexcept { return width_; }
    int height() const noexcept { return height_; }

  private:
    int width_, height_;
    std::vector<int> sums_;
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
