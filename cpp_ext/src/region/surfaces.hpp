#pragma once

#include <vector>

#include "region/components.hpp"

namespace sonogaze::region {

struct Range {
    int low, high;  // levels; none where low > high
};

// A flat part of the screen.
struct Surface {
    Histogram levels{}, contrasts{};
    int area = 0;
    int mode = 0;   // most frequent level
    int noise = 0;  // median contrast
    Range background{1, 0};
    bool corner = false;  // too small to be background, but exactly as flat as a larger one
    // It may be the darkest part of an image: nearly black but not the screen's own black, or dark
    // and not quite without noise.
    bool faint = false;
};

// What is connected in `flat`, but for the smallest parts.
class Surfaces {
  public:
    Surfaces(const Map& flat, const Map& level, const Map& contrast);

    const std::vector<Run>& runs() const noexcept { return parts_.runs; }
    // None of a part that is too small.
    const Surface* of(const Run& run) const noexcept;

  private:
    void measure(const Map& level, const Map& contrast);
    bool goes_on_elsewhere(const Surface& small) const;
    bool may_be_faint(const Surface& surface) const;

    Components parts_;
    std::vector<int> number_;  // in all_, of each of parts_; -1 of the smallest
    std::vector<Surface> all_;
    double cells_;
};

}  // namespace sonogaze::region
