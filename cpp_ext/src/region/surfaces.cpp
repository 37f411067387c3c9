#include "region/surfaces.hpp"

#include <algorithm>
#include <cstdlib>

namespace sonogaze::region {
namespace {

constexpr int kDrift = 2;                   // from cell to cell of one surface
constexpr double kLeastSurface = 0.0002;    // of the screen
constexpr double kLeastBackground = 0.003;  // of the screen: less is part of something
constexpr double kMostFaint = 0.12;         // of the screen: more is an interface
constexpr int kEven = 4;   // levels around the most frequent one of an even surface
constexpr int kRamp = 24;  // levels over which an interface's shading may run
// Companded levels of grey 9, which compression leaves of the darkest tissue, and of grey 16.
constexpr int kFaintEven = 48, kFaintNoisy = 64;
constexpr int kBlack = 4, kNoisy = 2;

int mass(const Histogram& histogram, int middle, int reach) {
    int sum = 0;
    for (int i = std::max(middle - reach, 0); i <= std::min(middle + reach, 255); ++i) {
        sum += histogram[static_cast<std::size_t>(i)];
    }
    return sum;
}

int mode_of(const Histogram& histogram) {
    const auto* const most = std::max_element(histogram.begin(), histogram.end());
    return static_cast<int>(most - histogram.begin());
}

int median_of(const Histogram& histogram, int count) {
    int median = 0, below = histogram[0];
    while (below * 2 < count) below += histogram[static_cast<std::size_t>(++median)];
    return median;
}

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

}  // namespace

Surfaces::Surfaces(const Map& flat, const Map& level, const Map& contrast)
    : parts_(connected(flat, &level, kDrift)),
      number_(parts_.all.size(), -1),
      cells_(level.count()) {
    for (std::size_t i = 0; i < number_.size(); ++i) {
        if (parts_.all[i].area < kLeastSurface * cells_) continue;
        number_[i] = static_cast<int>(all_.size());
        all_.emplace_back();
        all_.back().area = parts_.all[i].area;
    }
    measure(level, contrast);
    for (Surface& surface : all_) {
        if (surface.area < kLeastBackground * cells_) surface.corner = goes_on_elsewhere(surface);
        surface.faint = may_be_faint(surface);
    }
}

const Surface* Surfaces::of(const Run& run) const noexcept {
    const int n = number_[static_cast<std::size_t>(run.component)];
    return n < 0 ? nullptr : &all_[static_cast<std::size_t>(n)];
}

void Surfaces::measure(const Map& level, const Map& contrast) {
    for (const Run& run : parts_.runs) {
        const int n = number_[static_cast<std::size_t>(run.component)];
        if (n < 0) continue;
        Surface& surface = all_[static_cast<std::size_t>(n)];
        tally(level.row(run.y) + run.x0, run.x1 - run.x0, surface.levels);
        tally(contrast.row(run.y) + run.x0, run.x1 - run.x0, surface.contrasts);
    }
    for (Surface& surface : all_) {
        surface.mode = mode_of(surface.levels);
        surface.noise = median_of(surface.contrasts, surface.area);
        if (surface.area < kLeastBackground * cells_) continue;
        surface.background = background_levels(surface.levels, surface.area);
    }
}

bool Surfaces::goes_on_elsewhere(const Surface& small) const {
    if (small.noise > 0 || mass(small.levels, small.mode, 0) * 100 < small.area * 95) return false;
    return std::any_of(all_.begin(), all_.end(), [&](const Surface& other) {
        return other.background.low <= other.background.high &&
               std::abs(other.mode - small.mode) <= 1;
    });
}

bool Surfaces::may_be_faint(const Surface& surface) const {
    if (surface.area > kMostFaint * cells_ || surface.mode > kFaintNoisy) return false;
    if (surface.noise >= kNoisy) return true;
    if (surface.mode <= kBlack || surface.mode > kFaintEven) return false;
    return std::none_of(all_.begin(), all_.end(), [&](const Surface& other) {
        return other.area > surface.area && std::abs(other.mode - surface.mode) <= kBlack;
    });
}

}  // namespace sonogaze::region
