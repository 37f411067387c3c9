#include "pass.hpp"

namespace sonogaze {
namespace {

const std::uint8_t* plane_row(const Layout& layout, const Planes& data, int plane,
                              std::int64_t row) {
    const Plane& p = layout.planes[static_cast<std::size_t>(plane)];
    return data[p.buffer] + p.first_row + row * p.stride;
}

}  // namespace

// Samples from number `first` on in row y of the box.
ChromaRow Pass::chroma_row(std::int64_t y, std::int64_t first) const {
    const Chroma& chroma = format_.chroma;
    const std::int64_t row = (y0_ + y) / chroma.rows;
    const std::int64_t offset = first * chroma.step;
    return {plane_row(layout_, data_, chroma.u_plane, row) + chroma.u_byte + offset,
            plane_row(layout_, data_, chroma.v_plane, row) + chroma.v_byte + offset};
}

// For planes of their own; other chroma comes with the luma.
void Pass::fetch_chroma(std::int64_t y, const SampleSpan& samples) const {
    if (format_.packed() || y >= rows_) return;
    const ChromaRow row = chroma_row(y, samples.first);
    const std::int64_t bytes = samples.count * format_.chroma.step;
    readers_.fetch(reinterpret_cast<std::uintptr_t>(row.u), bytes);
    if (format_.planes == 3) readers_.fetch(reinterpret_cast<std::uintptr_t>(row.v), bytes);
}

void Pass::count_row(const std::uint8_t* grey, std::int64_t y) {
    if (y != counted_next_) return;  // a division a row would cost more than all else here
    counted_next_ += counted_every_;
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
    const std::uint8_t* first = grey + (x0 - x0_) * code_bytes_;
    if (format_.wide()) {
        kernels_.count_wide(reinterpret_cast<const std::uint16_t*>(first), x1 - x0, plan_.black_,
                            statistics_->levels);
    } else {
        kernels_.count_levels(first, x1 - x0, static_cast<std::uint8_t>(plan_.black_),
                              statistics_->levels);
    }
    statistics_->pixels += x1 - x0;
    if (y % (kColorRows * counted_every_) == 0) count_colors(first, y, x0, x1);
}

// grey: of column x0 of the frame.
void Pass::count_colors(const std::uint8_t* grey, std::int64_t y, std::int64_t x0,
                        std::int64_t x1) {
    if (format_.yuv()) {
        const SampleSpan samples = samples_of(x0, x1, format_.chroma.columns);
        fetch_chroma(y + kColorRows * counted_every_, samples);
        statistics_->colored += colored_samples(chroma_row(y, samples.first), samples.count);
        statistics_->color_samples += samples.count;
    } else if (const CountRgb count = kernels_.count_rgb[static_cast<std::size_t>(format_.luma)]) {
        const std::uint8_t* src = origin_ + y * stride_ + (x0 - x0_) * pixel_bytes_;
        const auto limit = static_cast<std::uint8_t>(plan_.colors_.rgb);
        statistics_->colored += count(src, grey, x1 - x0, limit);
        statistics_->color_samples += x1 - x0;
    }
}

std::int64_t Pass::colored_samples(const ChromaRow& row, std::int64_t n) const {
    const int step = format_.chroma.step;
    if (format_.wide()) {
        const int neutral = 1 << (format_.bits - 1);
        return kernels_.color_wide(row, n, plan_.decode_, plan_.colors_, step, neutral);
    }
    return kernels_.count_yuv[step / 2](row, n, plan_.colors_);  // 1, 2 or 4
}

}  // namespace sonogaze
