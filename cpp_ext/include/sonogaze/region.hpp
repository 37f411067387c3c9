#pragma once

#include <cstdint>
#include <vector>

namespace sonogaze {

constexpr std::int64_t kMinGrid = 16, kMaxGrid = 1024;  // cells a side
constexpr std::int64_t kMaxGridFrames = 64;             // frames looked at together

// Grey levels 0..255 of one or several frames of one size, frame after frame, row after row.
struct GridFrames {
    const float* cells;
    std::int64_t frames, width, height;
};

// A live image on a screen, in cells of the grid: x, y, width, height of a rectangle, or cx, cy,
// r_min, r_max, angle_min_deg, angle_max_deg of a sector.
struct FoundRegion {
    bool sector;
    double numbers[6];
    bool clipped;       // a sector by a window
    double clip[4];     // x, y, width, height of the window
    double confidence;  // 0..1
    double live;        // share of its cells that differ in a later frame
};

// Throws Error where a side or the number of frames is out of bounds.
void check_grid(const GridFrames& grid);

// The images, those that move first, then the largest; empty where there is none.
std::vector<FoundRegion> find_regions(const GridFrames& grid);

}  // namespace sonogaze
