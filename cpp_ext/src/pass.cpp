#include "pass.hpp"

#include <algorithm>
#include <cstring>

namespace sonogaze {
namespace {

constexpr std::int64_t kRowsAhead = 2;  // asked for while a row is worked on

// Grey as it lies in memory: nothing to clip, nothing to convert.
bool is_plain(const FrameSpec& spec) {
    const FormatTraits& t = traits(spec.format);
    const bool luma_alone = t.bytes_per_pixel == 1;
    return luma_alone && spec.range == Range::full;
}

}  // namespace

Pass::Pass(const Plan& plan, const Planes& data, Workspace& work, Statistics* statistics,
           CoarseRows* coarse)
    : plan_(plan),
      layout_(*plan.layout_),
      kernels_(plan.kernels_),
      data_(data),
      work_(work),
      statistics_(statistics),
      coarse_(coarse),
      taps_(plan.taps_.view()),
      decode_(is_plain(layout_.spec)
                  ? nullptr
                  : kernels_.decode[static_cast<std::size_t>(layout_.spec.format)]),
      x0_(layout_.first_column()),
      y0_(layout_.first_row()),
      columns_(layout_.end_column() - x0_),
      rows_(layout_.end_row() - y0_),
      stride_(layout_.planes[0].stride),
      pixel_bytes_(traits(layout_.spec.format).bytes_per_pixel),
      origin_(data[layout_.planes[0].buffer] + layout_.planes[0].first_row + y0_ * stride_ +
              x0_ * pixel_bytes_) {}

void Pass::output_row(std::size_t i, float* out) {
    const CellSpan& span = plan_.rows_.spans[i];
    std::fill(work_.cells.begin(), work_.cells.end(), std::uint64_t{0});
    std::int64_t first = span.first;
    std::int64_t end = std::int64_t{span.last} + 1;
    // A row at the border between two output rows belongs to both by its overlap.
    const bool top_edge = span.first_weight != plan_.rows_.full;
    const bool bottom_edge = span.last != span.first && span.last_weight != plan_.rows_.full;
    if (top_edge) add_edge(first++, span.first_weight);
    if (bottom_edge) --end;
    add_whole_rows(first, end);
    if (bottom_edge) add_edge(span.last, span.last_weight);
    const std::uint64_t* cells = work_.cells.data();
    kernels_.normalise(cells, plan_.inner_.width, plan_.scale_, plan_.bias_, out);
    if (coarse_ != nullptr) coarse_->add(cells);
}

// Grey of one row of the box, where it lies in memory or decoded into the workspace.
const std::uint8_t* Pass::grey_row(std::int64_t y) {
    const std::uint8_t* src = origin_ + y * stride_;
    const std::uint8_t* grey = work_.grey.data();
    if (layout_.is_sector()) {
        decode_spans(src, y);
    } else if (decode_ == nullptr) {
        grey = src;
    } else {
        decode_(src, columns_, work_.grey.data(), plan_.decode_, soon(y + kRowsAhead));
    }
    if (statistics_ != nullptr) count_row(grey, y);
    return grey;
}

void Pass::decode_spans(const std::uint8_t* src, std::int64_t y) {
    std::uint8_t* grey = work_.grey.data();
    std::memset(grey, plan_.paint_, static_cast<std::size_t>(columns_));
    const auto row = static_cast<std::size_t>(y);
    for (std::size_t s = layout_.row_start[row]; s < layout_.row_start[row + 1]; ++s) {
        const std::int64_t x = layout_.spans[s].x0 - x0_;
        const std::int64_t n = layout_.spans[s].x1 - layout_.spans[s].x0;
        if (decode_ == nullptr) {
            std::memcpy(grey + x, src + x, static_cast<std::size_t>(n));
        } else {
            decode_(src + x * pixel_bytes_, n, grey + x, plan_.decode_, Soon{});
        }
    }
}

// Row y of the box, as something to be asked for; nothing below the box.
Soon Pass::soon(std::int64_t y) const {
    if (y >= rows_) return {0, 0};
    const auto first = reinterpret_cast<std::uintptr_t>(origin_);
    return {first + static_cast<std::uintptr_t>(y * stride_), columns_ * pixel_bytes_};
}

// For the kernels that add row y up: they ask only where no decoder has asked before.
Soon Pass::soon_in_place(std::int64_t y) const {
    const bool in_place = decode_ == nullptr && !layout_.is_sector();
    return in_place ? soon(y + kRowsAhead) : Soon{0, 0};
}

// A row that two output rows share is decoded and summed once.
void Pass::add_edge(std::int64_t y, std::int32_t weight) {
    if (y != edge_row_) {
        kernels_.set_row(grey_row(y), columns_, work_.sums.data(), soon_in_place(y));
        kernels_.dot_cells(work_.sums.data(), taps_, work_.edge.data(), soon(y + kRowsAhead + 1));
        edge_row_ = y;
    }
    add_dots(work_.edge.data(), weight);
}

void Pass::add_whole_rows(std::int64_t first, std::int64_t end) {
    std::uint16_t* sums = work_.sums.data();
    while (first < end) {
        const std::int64_t stop = std::min(first + plan_.rows_per_flush_, end);
        kernels_.set_row(grey_row(first), columns_, sums, soon_in_place(first));
        for (std::int64_t y = first + 1; y < stop; ++y) {
            kernels_.add_row(grey_row(y), columns_, sums, soon_in_place(y));
        }
        kernels_.dot_cells(sums, taps_, work_.dots.data(), soon(stop + kRowsAhead));
        add_dots(work_.dots.data(), plan_.rows_.full);
        first = stop;
    }
}

void Pass::add_dots(const std::uint32_t* dots, std::int32_t weight) {
    kernels_.add_cells(dots, taps_.cells, static_cast<std::uint32_t>(weight), work_.cells.data());
}

}  // namespace sonogaze
