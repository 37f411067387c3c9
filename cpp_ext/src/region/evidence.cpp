#include "region/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "region/surfaces.hpp"

namespace sonogaze::region {
namespace {

// Companded grey: 16 times the root. Speckle multiplies, so its steps are alike at all levels, and
// the faint noise of a dark far field stays apart from a background that is exactly flat.
constexpr float kCompanded = 16.0F;
constexpr int kFlat = 5;        // contrast of a flat background, at least ...
constexpr int kFlatNoisy = 14;  // ... and at most, on a noisy input
constexpr double kQuietest = 0.1;
constexpr int kMoved = 10;

void compand(const float* levels, Map& out) {
    std::uint8_t* const cells = out.cells.data();
    const int count = out.count();
    for (int i = 0; i < count; ++i) {
        const float level = std::max(0.0F, std::min(levels[i], 255.0F));  // what is no number: 0
        const float companded = std::min(kCompanded * std::sqrt(level) + 0.5F, 255.0F);
        cells[i] = static_cast<std::uint8_t>(static_cast<int>(companded));
    }
}

int flat_limit(const Map& contrast) {
    Histogram histogram{};
    tally(contrast.cells.data(), contrast.count(), histogram);
    int below = 0, quiet = 0;
    while (quiet < 255 &&
           (below += histogram[static_cast<std::size_t>(quiet)]) < kQuietest * contrast.count()) {
        ++quiet;
    }
    return std::clamp(quiet * 3 / 2 + 1, kFlat, kFlatNoisy);
}

// Marks, of cells of one surface, those that are background, and what it is.
void mark_run(const Surface& surface, const std::uint8_t* level, int count, std::uint8_t* flat,
              std::uint8_t* faint, std::uint8_t* corner) {
    const auto low = std::max(surface.background.low, 0);
    const auto high = std::min(surface.background.high, 255);
    if (low > high) {
        std::fill_n(flat, count, std::uint8_t{0});
    } else {
        const auto first = static_cast<std::uint8_t>(low);
        const auto reach = static_cast<std::uint8_t>(high - low);
        into(flat, level, count, [=](std::uint8_t, std::uint8_t value) {
            return static_cast<std::uint8_t>(static_cast<std::uint8_t>(value - first) <= reach);
        });
    }
    if (surface.faint) into(faint, flat, count, kEither);
    if (surface.corner) std::fill_n(corner, count, std::uint8_t{1});
}

// Marks what is not part of a large flat surface, and what such surfaces are.
void mark(const Map& level, const Map& contrast, Evidence& evidence) {
    const auto limit = static_cast<std::uint8_t>(flat_limit(contrast));
    Map flat(level.width, level.height);
    into(flat, contrast,
         [=](std::uint8_t, std::uint8_t step) { return static_cast<std::uint8_t>(step <= limit); });
    const Surfaces surfaces(flat, level, contrast);
    for (const Run& run : surfaces.runs()) {
        std::uint8_t* const cells = flat.row(run.y) + run.x0;
        const int count = run.x1 - run.x0;
        const Surface* const surface = surfaces.of(run);
        if (surface == nullptr) {
            std::fill_n(cells, count, std::uint8_t{0});
        } else {
            mark_run(*surface, level.row(run.y) + run.x0, count, cells,
                     evidence.faint.row(run.y) + run.x0, evidence.corner.row(run.y) + run.x0);
        }
    }
    // a cell beside an edge has its contrast: the background begins one cell nearer
    into(evidence.structure, grown(flat, 1), [](std::uint8_t set, std::uint8_t background) {
        return static_cast<std::uint8_t>(set | (1 - background));
    });
}

}  // namespace

Evidence gather(const GridFrames& grid) {
    const auto width = static_cast<int>(grid.width);
    const auto height = static_cast<int>(grid.height);
    Evidence found(width, height);
    compand(grid.cells, found.level);
    found.contrast = contrast_of(found.level);
    mark(found.level, found.contrast, found);
    Map level(width, height);
    for (std::int64_t f = 1; f < grid.frames; ++f) {
        compand(grid.cells + f * grid.width * grid.height, level);
        mark(level, contrast_of(level), found);
        into(level, found.level, [](std::uint8_t now, std::uint8_t first) {
            return static_cast<std::uint8_t>(std::abs(now - first) > kMoved);
        });
        into(found.live, level, kEither);
    }
    return found;
}

}  // namespace sonogaze::region
