#include "sonogaze/layout.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "sector.hpp"
#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

std::string text(std::int64_t value) { return std::to_string(value); }

void check_size(const FrameSpec& spec) {
    const auto check = [](const char* field, std::int64_t value) {
        if (value < 1 || value > kMaxSide) {
            throw Error("frame-size", std::string(field) + " is " + text(value) +
                                          ", it must be 1.." + text(kMaxSide) + " pixels");
        }
    };
    check("width", spec.width);
    check("height", spec.height);
}

void check_color(const FrameSpec& spec) {
    const FormatTraits& t = *spec.format;
    if (t.yuv() && spec.matrix == Matrix::none) {
        throw Error("color-missing", std::string("color is missing, ") + t.name +
                                         " needs matrix and range, for example 'bt601-limited'");
    }
    if (!t.yuv() && (spec.matrix != Matrix::none || spec.range != Range::full)) {
        throw Error("color-unexpected", std::string("color is given, but ") + t.name +
                                            " has no matrix or range; leave it out");
    }
    if (t.luma == Luma::window16 && !(0 <= spec.window_low && spec.window_low < spec.window_high &&
                                      spec.window_high <= 65535)) {
        throw Error("window-invalid", "window is (" + text(spec.window_low) + ", " +
                                          text(spec.window_high) +
                                          "), it must be low < high within 0..65535");
    }
}

std::int64_t checked_stride(const FrameSpec& spec, int plane) {
    const std::int64_t used = row_bytes(*spec.format, plane, spec.width);
    if (spec.strides.empty()) return used;
    const std::int64_t stride = spec.strides[static_cast<std::size_t>(plane)];
    constexpr std::int64_t kLimit = std::int64_t{1} << 40;  // far from overflow in any product
    if (stride < -kLimit || stride > kLimit) {
        throw Error("strides-invalid", "strides[" + text(plane) + "] is " + text(stride) +
                                           ", its magnitude must be below 2^40 bytes");
    }
    if ((stride < 0 ? -stride : stride) < used) {
        throw Error("strides-overlap", "strides[" + text(plane) + "] is " + text(stride) +
                                           " bytes, but a row uses " + text(used) +
                                           "; rows would overlap");
    }
    return stride;
}

void place_planes(Layout& layout) {
    const FrameSpec& spec = layout.spec;
    const int planes = spec.format->planes;
    if (!spec.strides.empty() && spec.strides.size() != static_cast<std::size_t>(planes)) {
        throw Error("strides-invalid", "strides has " +
                                           text(static_cast<std::int64_t>(spec.strides.size())) +
                                           " entries, " + spec.format->name + " has " +
                                           text(planes) + " planes and needs one for each");
    }
    layout.buffers = spec.separate_planes ? static_cast<std::size_t>(planes) : 1;
    std::int64_t start = 0;
    for (int p = 0; p < planes; ++p) {
        const auto i = static_cast<std::size_t>(p);
        const std::int64_t stride = checked_stride(spec, p);
        const std::int64_t pitch = stride < 0 ? -stride : stride;
        const std::int64_t rows = plane_rows(*spec.format, p, spec.height);
        const std::int64_t last = (rows - 1) * pitch;
        const std::int64_t origin = spec.separate_planes ? 0 : start;
        const std::size_t buffer = spec.separate_planes ? i : 0;
        layout.planes[i] = {origin + (stride < 0 ? last : 0), stride, buffer};
        // The last row needs no padding after it.
        layout.buffer_bytes[buffer] = origin + last + row_bytes(*spec.format, p, spec.width);
        start += rows * pitch;
    }
}

void check_rectangle(const FrameSpec& spec) {
    const RegionSpec& region = spec.region;
    const std::int64_t width = spec.width * spec.unit;
    const std::int64_t height = spec.height * spec.unit;
    const std::string given = std::string(region.clipped ? "clip" : "region") +
                              " is x=" + text(region.x) + " y=" + text(region.y) +
                              " width=" + text(region.width) + " height=" + text(region.height);
    if (region.width < 1 || region.height < 1) {
        throw Error("region-invalid", given + ", width and height must be at least 1");
    }
    if (region.x < 0 || region.y < 0 || region.width > width || region.height > height ||
        region.x > width - region.width || region.y > height - region.height) {
        throw Error("region-outside", given + ", it must lie inside the frame of " + text(width) +
                                          " x " + text(height));
    }
}

void place_rectangle(Layout& layout) {
    const FrameSpec& spec = layout.spec;
    const RegionSpec& region = spec.region;
    if (region.kind == RegionSpec::Kind::whole) {
        layout.box_width = spec.width * spec.unit;
        layout.box_height = spec.height * spec.unit;
    } else {
        check_rectangle(spec);
        layout.box_x = region.x;
        layout.box_y = region.y;
        layout.box_width = region.width;
        layout.box_height = region.height;
    }
    layout.pixels_inside =
        (layout.end_column() - layout.first_column()) * (layout.end_row() - layout.first_row());
}

void check_pixel_size(const FrameSpec& spec) {
    const auto check = [](double value) {
        if (!(std::isfinite(value) && value >= 1e-6 && value <= 1e6)) {
            throw Error("pixel-size-invalid", "pixel_size_mm is " + std::to_string(value) +
                                                  ", it must be within 1e-6..1e6");
        }
    };
    check(spec.pixel_width_mm);
    check(spec.pixel_height_mm);
}

}  // namespace

Layout::Layout(FrameSpec given) : spec(std::move(given)) {
    if (spec.unit < 1 || spec.unit > 8) {
        throw Error("region-invalid", "unit is " + text(spec.unit) + ", it must be 1..8");
    }
    check_size(spec);
    check_color(spec);
    check_pixel_size(spec);
    place_planes(*this);
    if (is_sector()) {
        if (spec.region.clipped) check_rectangle(spec);
        place_sector(*this);
    } else {
        place_rectangle(*this);
    }
}

std::int64_t Layout::end_column() const noexcept {
    return (box_x + box_width + spec.unit - 1) / spec.unit;
}

std::int64_t Layout::end_row() const noexcept {
    return (box_y + box_height + spec.unit - 1) / spec.unit;
}

}  // namespace sonogaze
