#include "region/evidence.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "region/components.hpp"

namespace sonogaze::region {
namespace {

// Companded grey: 16 times the root. Speckle multiplies, so its steps are alike at all levels, and
// the faint noise of a dark far field stays apart from a background that is exactly flat.
constexpr float kCompanded = 16.0F;
constexpr int kFlat = 5;        // contrast of a flat background, at least ...
constexpr int kFlatNoisy = 14;  // ... and at most, on a noisy input
constexpr int kDrift = 2;       // from cell to cell of one background
constexpr double kQuietest = 0.1;
constexpr double kLeastBackground = 0.003;  // of the screen: less is part of something
constexpr int kEven = 4;   // levels around the most frequent one of an even surface
constexpr int kRamp = 24;  // levels over which an interface's shading may run
constexpr int kMoved = 10;

void compand(const float* levels, Map& out) {
    for (std::size_t i = 0; i < out.cells.size(); ++i) {
        const float level =
            levels[i] > 0 ? std::min(levels[i], 255.0F) : 0;  // what is no number: 0
        out.cells[i] =
            static_cast<std::uint8_t>(std::min(kCompanded * std::sqrt(level) + 0.5F, 255.0F));
    }
}

int flat_limit(const Map& contrast) {
    std::array<int, 256> histogram{};
    for (const std::uint8_t c : contrast.cells) ++histogram[c];
    int below = 0, quiet = 0;
    while (quiet < 255 &&
           (below += histogram[static_cast<std::size_t>(quiet)]) < kQuietest * contrast.count()) {
        ++quiet;
    }
    return std::clamp(quiet * 3 / 2 + 1, kFlat, kFlatNoisy);
}

using Histogram = std::array<int, 256>;

int mass(const Histogram& histogram, int middle, int reach) {
    int sum = 0;
    for (int i = std::max(middle - reach, 0); i <= std::min(middle + reach, 255); ++i) {
        sum += histogram[static_cast<std::size_t>(i)];
    }
    return sum;
}

struct Range {
    int low, high;  // levels; none where low > high
};

// Which levels of a flat surface are background: all of a nearly even one; those near the most
// frequent level where that rules, so that an image may fade into it; none of what drifts on and
// on.
Range background_levels(const Histogram& histogram, int area) {
    int mode = 0, low = 0, high = 255;
    for (int i = 0; i < 256; ++i) {
        if (mass(histogram, i, 2) > mass(histogram, mode, 2)) mode = i;
    }
    if (mass(histogram, mode, kEven) * 2 >= area) return {mode - 2 * kEven, mode + 2 * kEven};
    for (int below = 0; (below += histogram[static_cast<std::size_t>(low)]) * 50 < area;) ++low;
    for (int above = 0; (above += histogram[static_cast<std::size_t>(high)]) * 50 < area;) --high;
    return high - low <= kRamp ? Range{0, 255} : Range{1, 0};
}

// Marks what is not part of a large flat surface.
void mark_structure(const Map& level, const Map& contrast, Map& structure) {
    const int limit = flat_limit(contrast);
    Map flat(level.width, level.height);
    for (std::size_t i = 0; i < flat.cells.size(); ++i) flat.cells[i] = contrast.cells[i] <= limit;
    const Components surfaces = connected(flat, &level, kDrift);
    const int least = static_cast<int>(kLeastBackground * level.count());
    std::vector<std::size_t> large(surfaces.all.size(), 0);
    std::size_t count = 0;
    for (std::size_t i = 0; i < surfaces.all.size(); ++i) {
        if (surfaces.all[i].area >= least) large[i] = ++count;
    }
    std::vector<Histogram> histograms(count + 1);
    for (const Run& run : surfaces.runs) {
        const std::size_t at = large[static_cast<std::size_t>(run.component)];
        const std::uint8_t* const row = level.row(run.y);
        for (int x = run.x0; at != 0 && x < run.x1; ++x) ++histograms[at][row[x]];
    }
    std::vector<Range> ranges(count + 1, Range{1, 0});
    for (std::size_t i = 0; i < surfaces.all.size(); ++i) {
        const std::size_t at = large[i];
        if (at != 0) ranges[at] = background_levels(histograms[at], surfaces.all[i].area);
    }
    for (const Run& run : surfaces.runs) {
        const Range range = ranges[large[static_cast<std::size_t>(run.component)]];
        for (int x = run.x0; x < run.x1; ++x) {
            const int value = level.row(run.y)[x];
            flat.row(run.y)[x] = value >= range.low && value <= range.high ? 1 : 0;
        }
    }
    // a cell beside an edge has its contrast: the background begins one cell nearer
    const Map background = grown(flat, 1);
    for (std::size_t i = 0; i < flat.cells.size(); ++i) {
        structure.cells[i] |= static_cast<std::uint8_t>(1 - background.cells[i]);
    }
}

}  // namespace

Evidence gather(const GridFrames& grid) {
    const auto width = static_cast<int>(grid.width);
    const auto height = static_cast<int>(grid.height);
    Evidence found(width, height);
    compand(grid.cells, found.level);
    found.contrast = contrast_of(found.level);
    mark_structure(found.level, found.contrast, found.structure);
    Map level(width, height);
    for (std::int64_t f = 1; f < grid.frames; ++f) {
        compand(grid.cells + f * grid.width * grid.height, level);
        mark_structure(level, contrast_of(level), found.structure);
        for (std::size_t i = 0; i < level.cells.size(); ++i) {
            if (std::abs(level.cells[i] - found.level.cells[i]) > kMoved) found.live.cells[i] = 1;
        }
    }
    return found;
}

}  // namespace sonogaze::region
