#include "sonogaze/read.hpp"

#include <algorithm>
#include <cstring>

namespace sonogaze {
namespace {

struct PlaneBox {
    std::int64_t first_byte, bytes, first_row, end_row;
};

PlaneBox plane_box(const Layout& layout, int plane) noexcept {
    const FormatTraits& t = *layout.spec.format;
    const std::int64_t x0 = layout.first_column();
    const std::int64_t x1 = layout.end_column();
    const std::int64_t y0 = layout.first_row();
    const std::int64_t y1 = layout.end_row();
    if (plane == 0) return {x0 * t.pixel_bytes, (x1 - x0) * t.pixel_bytes, y0, y1};
    const SampleSpan columns = samples_of(x0, x1, t.chroma.columns);
    const SampleSpan rows = samples_of(y0, y1, t.chroma.rows);
    return {columns.first * t.chroma.step, columns.count * t.chroma.step, rows.first,
            rows.first + rows.count};
}

template <class Row>
void each_row(const Layout& layout, const Planes& data, bool chroma, Row row) {
    const int planes = chroma ? layout.spec.format->planes : 1;
    for (int p = 0; p < planes; ++p) {
        const Plane& plane = layout.planes[static_cast<std::size_t>(p)];
        const PlaneBox box = plane_box(layout, p);
        const std::uint8_t* start = data[plane.buffer] + plane.first_row + box.first_byte;
        for (std::int64_t y = box.first_row; y < box.end_row; ++y) {
            row(start + y * plane.stride, box.bytes);
        }
    }
}

}  // namespace

std::uint64_t read_region(const Layout& layout, const Planes& data, const Kernels& kernels,
                          bool chroma) {
    std::uint64_t sum = 0;
    each_row(layout, data, chroma, [&](const std::uint8_t* row, std::int64_t bytes) {
        sum += kernels.sum_bytes(row, bytes);
    });
    return sum;
}

void copy_region(const Layout& layout, const Planes& data, bool chroma, std::uint8_t* scratch) {
    each_row(layout, data, chroma, [&](const std::uint8_t* row, std::int64_t bytes) {
        std::memcpy(scratch, row, static_cast<std::size_t>(bytes));
    });
}

std::int64_t region_row_bytes(const Layout& layout) noexcept {
    std::int64_t most = 0;
    for (int p = 0; p < layout.spec.format->planes; ++p) {
        most = std::max(most, plane_box(layout, p).bytes);
    }
    return most;
}

std::int64_t region_bytes(const Layout& layout, bool chroma) noexcept {
    std::int64_t bytes = 0;
    for (int p = 0; p < (chroma ? layout.spec.format->planes : 1); ++p) {
        const PlaneBox box = plane_box(layout, p);
        bytes += box.bytes * (box.end_row - box.first_row);
    }
    return bytes;
}

std::int64_t packed_bytes(const Layout& layout) noexcept {
    const FrameSpec& spec = layout.spec;
    std::int64_t bytes = 0;
    for (int p = 0; p < spec.format->planes; ++p) {
        bytes += row_bytes(*spec.format, p, spec.width) * plane_rows(*spec.format, p, spec.height);
    }
    return bytes;
}

void pack_frame(const Layout& layout, const Planes& data, std::uint8_t* out) noexcept {
    const FrameSpec& spec = layout.spec;
    for (int p = 0; p < spec.format->planes; ++p) {
        const Plane& plane = layout.planes[static_cast<std::size_t>(p)];
        const std::int64_t bytes = row_bytes(*spec.format, p, spec.width);
        for (std::int64_t y = 0; y < plane_rows(*spec.format, p, spec.height); ++y) {
            std::memcpy(out, data[plane.buffer] + plane.first_row + y * plane.stride,
                        static_cast<std::size_t>(bytes));
            out += bytes;
        }
    }
}

}  // namespace sonogaze
