#include "pass.hpp"

namespace sonogaze {
namespace {

constexpr std::int64_t kColorRows = 2;  // colour is looked for as often as 4:2:0 stores it
constexpr std::int64_t kChromaAhead = 4;

struct Chroma {
    const std::uint8_t* u;
    const std::uint8_t* v;
    std::int64_t step;  // bytes between samples
};

const std::uint8_t* plane_row(const Layout& layout, const Planes& data, std::size_t plane,
                              std::int64_t row) {
    const Plane& p = layout.planes[plane];
    return data[p.buffer] + p.first_row + row * p.stride;
}

// First chroma bytes of frame row y of a YUV format.
Chroma chroma_of(const Layout& layout, const Planes& data, std::int64_t y) {
    const auto row = [&](std::size_t plane) {
        return plane_row(layout, data, plane, plane == 0 ? y : y / 2);
    };
    switch (layout.spec.format) {
        case Format::yuyv:
            return {row(0) + 1, row(0) + 3, 4};
        case Format::uyvy:
            return {row(0), row(0) + 2, 4};
        case Format::nv12:
            return {row(1), row(1) + 1, 2};
        case Format::nv21:
            return {row(1) + 1, row(1), 2};
        case Format::i420:
            return {row(1), row(2), 1};
        default:  // YV12
            return {row(2), row(1), 1};
    }
}

}  // namespace

// Samples from number `first` on in row y of the box.
ChromaRow Pass::chroma_row(std::int64_t y, std::int64_t first) const {
    const Chroma chroma = chroma_of(layout_, data_, y0_ + y);
    return {chroma.u + first * chroma.step, chroma.v + first * chroma.step};
}

// For planes of their own; other chroma comes with the luma.
void Pass::fetch_chroma(std::int64_t y, std::int64_t first, std::int64_t samples) const {
    if (!traits(layout_.spec.format).subsampled || y >= rows_) return;
    const Chroma chroma = chroma_of(layout_, data_, y0_ + y);
    const std::int64_t offset = first * chroma.step;
    kernels_.fetch(reinterpret_cast<std::uintptr_t>(chroma.u + offset), samples * chroma.step);
    if (chroma.step == 1)
        kernels_.fetch(reinterpret_cast<std::uintptr_t>(chroma.v + offset), samples);
}

void Pass::count_row(const std::uint8_t* grey, std::int64_t y) {
    if (!layout_.is_sector()) {
        count_span(grey, y, x0_, x0_ + columns_);
        return;
    }
    const auto row = static_cast<std::size_t>(y);
    for (std::size_t s = layout_.row_start[row]; s < layout_.row_start[row + 1]; ++s) {
        count_span(grey, y, layout_.spans[s].x0, layout_.spans[s].x1);
    }
}

// Columns x0..x1 of the frame in row y of the box.
void Pass::count_span(const std::uint8_t* grey, std::int64_t y, std::int64_t x0, std::int64_t x1) {
    kernels_.count_levels(grey + (x0 - x0_), x1 - x0, plan_.levels_, statistics_->levels);
    statistics_->pixels += x1 - x0;
    if (y % kColorRows == 0) count_colors(grey, y, x0, x1);
}

void Pass::count_colors(const std::uint8_t* grey, std::int64_t y, std::int64_t x0,
                        std::int64_t x1) {
    const auto format = static_cast<std::size_t>(layout_.spec.format);
    if (const CountRgb count = kernels_.count_rgb[format]) {
        const std::uint8_t* src = origin_ + y * stride_ + (x0 - x0_) * pixel_bytes_;
        statistics_->colored += count(src, grey + (x0 - x0_), x1 - x0, plan_.colors_.rgb);
        statistics_->color_samples += x1 - x0;
    } else if (const CountYuv count_yuv = kernels_.count_yuv[format]) {
        const std::int64_t first = x0 / 2;
        const std::int64_t samples = (x1 + 1) / 2 - first;
        fetch_chroma(y + kChromaAhead, first, samples);
        statistics_->colored += count_yuv(chroma_row(y, first), samples, plan_.colors_);
        statistics_->color_samples += samples;
    }
}

}  // namespace sonogaze
