// Random grids through the search for regions and the screen check, for AddressSanitizer: noise,
// blocks, fans, and cells that are no number.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "sonogaze/region.hpp"
#include "sonogaze/screen.hpp"

namespace {

using namespace sonogaze;

constexpr int kGrids = 400;

std::vector<float> cells_of(const GridFrames& grid, int kind, std::mt19937& rng) {
    std::vector<float> cells(static_cast<std::size_t>(grid.frames * grid.width * grid.height));
    const auto level = [&] { return static_cast<float>(40 + rng() % (kind == 0 ? 216 : 30)); };
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto x = static_cast<std::int64_t>(i) % grid.width;
        const auto y = static_cast<std::int64_t>(i) / grid.width % grid.height;
        const bool inside = kind == 1 ? x * 3 > grid.width && y * 2 < grid.height
                                      : std::abs(2 * x - grid.width) < y + grid.height / 8;
        cells[i] = kind == 0 || kind == 3 || inside ? level() : 0;
    }
    constexpr float kOdd[] = {std::numeric_limits<float>::quiet_NaN(),
                              std::numeric_limits<float>::infinity(), -1e30F, 1e30F};
    for (std::size_t n = 0; kind == 3 && n < cells.size() / 3; ++n) {
        cells[rng() % cells.size()] = kOdd[n % 4];
    }
    return cells;
}

// Whether what was found can be a region at all.
bool sound(const FoundRegion& found) {
    bool finite = found.confidence >= 0 && found.confidence <= 1;
    for (int i = 0; i < (found.sector ? 6 : 4); ++i) finite &= std::isfinite(found.numbers[i]);
    for (int i = 0; found.clipped && i < 4; ++i) finite &= std::isfinite(found.clip[i]);
    return finite;
}

}  // namespace

int main() {
    std::mt19937 rng(1);
    int found = 0, wrong = 0;
    for (int n = 0; n < kGrids; ++n) {
        const auto side = [&] { return static_cast<std::int64_t>(16 + rng() % 120); };
        GridFrames grid{nullptr, static_cast<std::int64_t>(1 + rng() % 3), side(), side()};
        const std::vector<float> cells = cells_of(grid, n % 4, rng);
        grid.cells = cells.data();
        check_grid(grid);
        for (const FoundRegion& one : find_regions(grid)) {
            ++found;
            wrong += sound(one) ? 0 : 1;
        }
        looks_like_screen(cells.data(), grid.width, {0, 0, grid.width, grid.height}, 1.0F);
    }
    std::printf("grids %d, found %d, wrong %d\n", kGrids, found, wrong);
    return wrong == 0 && found > 0 ? 0 : 1;
}
