#include <algorithm>
#include <cstring>

#include "sonogaze/plan.hpp"

namespace sonogaze {

// One frame on its way through a plan.
class Pass {
  public:
    Pass(const Plan& plan, const std::array<const std::uint8_t*, kMaxPlanes>& data, Workspace& work)
        : plan_(plan),
          layout_(*plan.layout_),
          kernels_(plan.kernels_),
          decode_(kernels_.decode[static_cast<std::size_t>(layout_.spec.format)]),
          work_(work),
          columns_(layout_.end_column() - layout_.first_column()) {
        const Plane& luma = layout_.planes[0];
        stride_ = luma.stride;
        const std::int64_t pixel = traits(layout_.spec.format).bytes_per_pixel;
        origin_ = data[luma.buffer] + luma.first_row + layout_.first_row() * stride_ +
                  layout_.first_column() * pixel;
        pixel_bytes_ = pixel;
    }

    // Output row i of the region.
    void output_row(std::size_t i, float* out) {
        const CellSpan& span = plan_.rows_.spans[i];
        std::uint64_t* cells = work_.cells.data();
        std::fill(work_.cells.begin(), work_.cells.end(), std::uint64_t{0});
        std::int64_t first = span.first;
        std::int64_t last = span.last;
        const auto full = plan_.rows_.full;
        if (span.first_weight != full) {
            add_edge(first, static_cast<std::uint32_t>(span.first_weight), cells);
            ++first;
        }
        if (last >= first && span.last != span.first && span.last_weight != full) {
            --last;
        }
        add_whole_rows(first, last + 1, cells);
        if (last != span.last) {
            add_edge(span.last, static_cast<std::uint32_t>(span.last_weight), cells);
        }
        kernels_.normalise(cells, plan_.inner_.width, plan_.scale_, plan_.bias_, out);
    }

  private:
    // Grey of one pixel row of the box, where it lies in memory or decoded into the workspace.
    const std::uint8_t* grey_row(std::int64_t y) {
        const std::uint8_t* src = origin_ + y * stride_;
        std::uint8_t* grey = work_.grey.data();
        if (layout_.is_sector()) {
            decode_spans(src, y, grey);
            return grey;
        }
        if (decode_ == nullptr) return src;
        decode_(src, columns_, grey, plan_.decode_);
        return grey;
    }

    void decode_spans(const std::uint8_t* src, std::int64_t y, std::uint8_t* grey) {
        std::memset(grey, plan_.paint_, static_cast<std::size_t>(columns_));
        const auto row = static_cast<std::size_t>(y);
        for (std::uint32_t s = layout_.row_start[row]; s < layout_.row_start[row + 1]; ++s) {
            const std::int64_t x = layout_.spans[s].x0 - layout_.first_column();
            const std::int64_t n = layout_.spans[s].x1 - layout_.spans[s].x0;
            if (decode_ == nullptr) {
                std::memcpy(grey + x, src + x, static_cast<std::size_t>(n));
            } else {
                decode_(src + x * pixel_bytes_, n, grey + x, plan_.decode_);
            }
        }
    }

    // A row that two output rows share is decoded and summed once.
    void add_edge(std::int64_t y, std::uint32_t weight, std::uint64_t* cells) {
        if (y != edge_row_) {
            std::fill(work_.edge.begin(), work_.edge.end(), std::uint64_t{0});
            kernels_.set_row(grey_row(y), columns_, work_.sums.data());
            kernels_.add_cells(work_.sums.data(), plan_.taps_, 1, work_.edge.data());
            edge_row_ = y;
        }
        for (std::size_t j = 0; j < work_.edge.size(); ++j) cells[j] += work_.edge[j] * weight;
    }

    void add_whole_rows(std::int64_t first, std::int64_t end, std::uint64_t* cells) {
        while (first < end) {
            const std::int64_t stop = std::min<std::int64_t>(first + plan_.rows_per_flush_, end);
            std::uint16_t* sums = work_.sums.data();
            kernels_.set_row(grey_row(first), columns_, sums);
            for (std::int64_t y = first + 1; y < stop; ++y) {
                kernels_.add_row(grey_row(y), columns_, sums);
            }
            kernels_.add_cells(sums, plan_.taps_, static_cast<std::uint32_t>(plan_.rows_.full),
                               cells);
            first = stop;
        }
    }

    const Plan& plan_;
    const Layout& layout_;
    const Kernels& kernels_;
    Kernels::Decode decode_;
    Workspace& work_;
    std::int64_t columns_;
    std::int64_t stride_ = 0;
    std::int64_t pixel_bytes_ = 0;
    const std::uint8_t* origin_ = nullptr;
    std::int64_t edge_row_ = -1;
};

void Plan::run(const std::array<const std::uint8_t*, kMaxPlanes>& data, float* out) const {
    std::unique_ptr<Workspace> work = pool_.take();
    Pass pass(*this, data, *work);
    const std::int64_t width = target_.width;
    std::fill_n(out, inner_.y * width, pad_);
    for (std::int64_t i = 0; i < inner_.height; ++i) {
        float* row = out + (inner_.y + i) * width;
        std::fill_n(row, inner_.x, pad_);
        pass.output_row(static_cast<std::size_t>(i), row + inner_.x);
        const std::int64_t used = inner_.x + inner_.width;
        std::fill_n(row + used, width - used, pad_);
    }
    const std::int64_t done = inner_.y + inner_.height;
    std::fill_n(out + done * width, (target_.height - done) * width, pad_);
    pool_.give(std::move(work));
}

}  // namespace sonogaze
