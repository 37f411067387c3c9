#include "pass.hpp"

#include <algorithm>
#include <cstring>

#include "fetch.hpp"

namespace sonogaze {
namespace {

// Grey as it lies in memory: nothing to clip, nothing to convert.
bool is_plain(const FrameSpec& spec) {
    return spec.format->luma == Luma::bytes && spec.range == Range::full;
}

// Rows from the one that is decoded to the one that is fetched.
std::int64_t decoded_ahead(const FetchPolicy& fetch, std::int64_t row_bytes, bool halved) {
    if (fetch.decoded_most == 0) return 0;
    const std::int64_t bytes = halved ? fetch.halved_bytes : fetch.decoded_bytes;
    const std::int64_t nearest = (bytes + row_bytes / 2) / row_bytes;
    return std::clamp<std::int64_t>(nearest, 1, fetch.decoded_most);
}

}  // namespace

Pass::Pass(const Plan& plan, const Planes& data, Workspace& work, Statistics* statistics,
           CoarseRows* coarse)
    : plan_(plan),
      layout_(*plan.layout_),
      format_(*layout_.spec.format),
      kernels_(plan.kernels_),
      fetch_(plan.fetch_),
      readers_(kernels_.readers[static_cast<std::size_t>(fetch_.into)]),
      data_(data),
      work_(work),
      statistics_(statistics),
      coarse_(coarse),
      taps_(plan.taps_.view()),
      sums_(work_.sums[0].data()),
      sums_before_(work_.sums[1].data()),
      decode_(is_plain(layout_.spec) ? nullptr
                                     : readers_.decode[static_cast<std::size_t>(format_.luma)]),
      weigh_rows_(format_.wide() ? readers_.weigh_wide : readers_.weigh_rows),
      x0_(layout_.first_column()),
      y0_(layout_.first_row()),
      columns_(layout_.end_column() - x0_),
      rows_(layout_.end_row() - y0_),
      stride_(layout_.planes[0].stride),
      pixel_bytes_(format_.pixel_bytes),
      code_bytes_(format_.wide() ? 2 : 1),
      counted_every_(std::max(rows_ / kCountedRows, std::int64_t{1})),
      origin_(data[layout_.planes[0].buffer] + layout_.planes[0].first_row + y0_ * stride_ +
              x0_ * pixel_bytes_),
      in_place_(decode_ == nullptr && !layout_.is_sector()),
      halved_(!in_place_ && !layout_.is_sector() && pixel_bytes_ <= readers_.halved_pixel_bytes),
      rows_ahead_(in_place_ ? fetch_.in_place
                            : decoded_ahead(fetch_, columns_ * pixel_bytes_, halved_)) {}

void Pass::output_row(std::size_t i, float* out) {
    const CellSpan& span = plan_.rows_.spans[i];
    if (plan_.divisor_ == 0) {
        wide_row(span, out);
        return;
    }
    weigh(span, plan_.rows_.full);
    std::swap(sums_, sums_before_);
    std::swap(out, out_before_);
    if (out != nullptr) gather(sums_, out);
}

void Pass::finish() {
    if (out_before_ != nullptr) gather(sums_before_, out_before_);
}

void Pass::gather(const std::uint16_t* sums, float* out) {
    kernels_.dot_cells(sums, taps_, work_.dots.data());
    const std::uint32_t* cells = work_.dots.data();
    kernels_.normalise(cells, plan_.inner_.width, plan_.scale_, plan_.bias_, out);
    if (coarse_ != nullptr) coarse_->add(cells);
}

// The same where an output row does not fit 16 bits: as many rows as do, then in 64 bits.
void Pass::wide_row(const CellSpan& span, float* out) {
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
    kernels_.normalise_wide(cells, plan_.inner_.width, plan_.scale_, plan_.bias_, out);
    if (coarse_ != nullptr) coarse_->add(cells);
}

// Column sums of some rows: the first and the last by their weights, those between by `full`.
void Pass::weigh(const CellSpan& rows, std::int32_t full) {
    for (std::int64_t y = rows.first; y <= rows.last; y += kGreyRows) {
        RowPair pairs[kGreyRows / 2] = {};
        const std::int64_t count = std::min(kGreyRows, rows.last + 1 - y);
        for (std::int64_t r = 0; r < count; ++r) {
            const std::int32_t weight = y + r == rows.first  ? rows.first_weight
                                        : y + r == rows.last ? rows.last_weight
                                                             : full;
            pairs[r / 2].rows[r % 2] = grey_row(y + r);
            pairs[r / 2].weights[r % 2] = static_cast<std::uint8_t>(weight);
        }
        RowPair& last = pairs[(count - 1) / 2];
        if (count % 2 != 0) last.rows[1] = last.rows[0];  // weighs nothing, but is read
        weigh_rows_(pairs, (count + 1) / 2, columns_, sums_, y != rows.first, fetched_with(y));
    }
}

// Grey of one row of the box, where it lies in memory or decoded into the workspace. Rows must be
// asked for in order; the newest kGreyRows stay valid, and the newest may be asked for again.
const std::uint8_t* Pass::grey_row(std::int64_t y) {
    const std::uint8_t* src = origin_ + y * stride_;
    std::uint8_t* slot = work_.grey.data() + y % kGreyRows * work_.grey_pitch;
    const std::uint8_t* grey = in_place_ ? src : slot;
    if (y == newest_row_) return grey;
    newest_row_ = y;
    if (layout_.is_sector()) {
        decode_spans(src, slot, y);
    } else if (decode_ != nullptr) {
        decode_(src, columns_, slot, plan_.decode_, bytes_ahead(y));
    }
    if (statistics_ != nullptr) count_row(grey, y);
    return grey;
}

void Pass::decode_spans(const std::uint8_t* src, std::uint8_t* grey, std::int64_t y) {
    paint_row(grey);
    const auto row = static_cast<std::size_t>(y);
    for (std::size_t s = layout_.row_start[row]; s < layout_.row_start[row + 1]; ++s) {
        const std::int64_t x = layout_.spans[s].x0 - x0_;
        const std::int64_t n = layout_.spans[s].x1 - layout_.spans[s].x0;
        if (decode_ == nullptr) {
            std::memcpy(grey + x, src + x, static_cast<std::size_t>(n));
        } else {
            decode_(src + x * pixel_bytes_, n, grey + x * code_bytes_, plan_.decode_, 0);
        }
    }
}

void Pass::paint_row(std::uint8_t* grey) const {
    if (format_.wide()) {
        std::fill_n(reinterpret_cast<std::uint16_t*>(grey), columns_, plan_.paint_);
    } else {
        std::memset(grey, plan_.paint_, static_cast<std::size_t>(columns_));
    }
}

// What is fetched while the rows from y on are weighed: grey where it lies, or the lines that
// decoding left out.
RowsAhead Pass::fetched_with(std::int64_t y) const {
    const std::int64_t bytes = in_place_ || halved_ ? bytes_ahead(y) : 0;
    const std::int64_t first = bytes == 0 ? kNeverFetched : halved_ ? kLine : 0;
    const auto row = reinterpret_cast<std::uintptr_t>(origin_ + y * stride_);
    return {row + static_cast<std::uintptr_t>(bytes), stride_, pixel_bytes_, first,
            halved_ ? 2 * kLine : kLine};
}

// From row y to the one that is fetched meanwhile.
std::int64_t Pass::bytes_ahead(std::int64_t y) const {
    return y + rows_ahead_ < rows_ ? rows_ahead_ * stride_ : 0;
}

// A row that two output rows share is decoded and summed once.
void Pass::add_edge(std::int64_t y, std::int32_t weight) {
    if (y != edge_row_) {
        const auto row = static_cast<std::int32_t>(y);
        weigh({row, row, 1, 0}, 1);
        kernels_.dot_cells(sums_, taps_, work_.edge.data());
        edge_row_ = y;
    }
    add_dots(work_.edge.data(), weight);
}

void Pass::add_whole_rows(std::int64_t first, std::int64_t end) {
    while (first < end) {
        const std::int64_t stop = std::min(first + plan_.rows_per_flush_, end);
        weigh({static_cast<std::int32_t>(first), static_cast<std::int32_t>(stop - 1), 1, 1}, 1);
        kernels_.dot_cells(sums_, taps_, work_.dots.data());
        add_dots(work_.dots.data(), plan_.rows_.full);
        first = stop;
    }
}

void Pass::add_dots(const std::uint32_t* dots, std::int32_t weight) {
    kernels_.add_cells(dots, taps_.cells, static_cast<std::uint32_t>(weight), work_.cells.data());
}

}  // namespace sonogaze
