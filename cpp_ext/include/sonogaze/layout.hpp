#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sonogaze/format.hpp"

namespace sonogaze {

constexpr std::int64_t kMaxSide = 16384;  // pixels; keeps every sum below within its integer

// A rectangle of pixels, or a sector, of which a window may show a part.
struct RegionSpec {
    enum class Kind : std::uint8_t { whole, rectangle, sector };
    Kind kind = Kind::whole;
    bool clipped = false;  // a sector by the rectangle below
    // rectangle: in 1/unit of a pixel; only scaled JPEG frames use a unit other than 1
    std::int64_t x = 0, y = 0, width = 0, height = 0;
    // sector: pixels, and degrees clockwise from straight down
    double cx = 0, cy = 0, r_min = 0, r_max = 0, angle_min_deg = 0, angle_max_deg = 0;
};

// Everything a caller says about a frame. Nothing in it has been checked.
struct FrameSpec {
    const FormatTraits* format = kFormatTable.data();  // GRAY8
    std::int64_t width = 0, height = 0;
    std::vector<std::int64_t>
        strides;  // bytes per row of each plane, negative = bottom-up; may be empty
    bool separate_planes = false;  // one buffer per plane instead of one for all
    Matrix matrix = Matrix::none;
    Range range = Range::full;
    std::int64_t window_low = 0, window_high = 0;  // GRAY16 only
    RegionSpec region;
    std::int64_t unit = 1;  // sub-pixel unit of the region's rectangle
    double pixel_width_mm = 1, pixel_height_mm = 1;
};

struct Plane {
    std::int64_t first_row;  // bytes from the lowest address of its buffer to row 0
    std::int64_t stride;     // bytes from a row to the next one down; may be negative
    std::size_t buffer;
};

// Columns [x0, x1) of one row that lie inside the region.
struct Span {
    std::int32_t x0, x1;
};

// A checked frame layout. Immutable, so any number of threads may share one.
struct Layout {
    explicit Layout(FrameSpec given);  // throws Error

    FrameSpec spec;
    std::array<Plane, kMaxPlanes> planes{};
    std::array<std::int64_t, kMaxPlanes> buffer_bytes{};  // least bytes each buffer must hold
    std::size_t buffers = 1;
    // The region's bounding box, in 1/unit of a pixel.
    std::int64_t box_x = 0, box_y = 0, box_width = 0, box_height = 0;
    // Sector only: spans of pixel row first_row + i are spans[row_start[i] .. row_start[i + 1]).
    std::vector<Span> spans;
    std::vector<std::uint32_t> row_start;
    std::int64_t pixels_inside = 0;

    std::int64_t first_column() const noexcept { return box_x / spec.unit; }
    std::int64_t first_row() const noexcept { return box_y / spec.unit; }
    std::int64_t end_column() const noexcept;
    std::int64_t end_row() const noexcept;
    bool is_sector() const noexcept { return spec.region.kind == RegionSpec::Kind::sector; }
};

}  // namespace sonogaze
