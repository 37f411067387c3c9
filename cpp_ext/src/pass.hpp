#pragma once

#include "coarse.hpp"
#include "sonogaze/plan.hpp"

namespace sonogaze {

// One frame on its way through a plan. Each pixel row of the region's box is fetched once, top to
// bottom. Works on one thread.
class Pass {
  public:
    // statistics and coarse may be null.
    Pass(const Plan& plan, const Planes& data, Workspace& work, Statistics* statistics,
         CoarseRows* coarse);

    // Output row i of the region, written by the next call or by finish(): its sums are read when
    // they have reached the cache. Rows must be asked for in order.
    void output_row(std::size_t i, float* out);
    void finish();

  private:
    const std::uint8_t* grey_row(std::int64_t y);
    std::int64_t bytes_ahead(std::int64_t y) const;
    RowsAhead fetched_with(std::int64_t y) const;
    void decode_spans(const std::uint8_t* src, std::uint8_t* grey, std::int64_t y);
    void paint_row(std::uint8_t* grey) const;
    void weigh(const CellSpan& rows, std::int32_t full);
    void gather(const std::uint16_t* sums, float* out);
    void wide_row(const CellSpan& span, float* out);
    void add_edge(std::int64_t y, std::int32_t weight);
    void add_whole_rows(std::int64_t first, std::int64_t end);
    void add_dots(const std::uint32_t* dots, std::int32_t weight);
    ChromaRow chroma_row(std::int64_t y, std::int64_t first) const;
    void fetch_chroma(std::int64_t y, const SampleSpan& samples) const;
    void count_row(const std::uint8_t* grey, std::int64_t y);
    void count_span(const std::uint8_t* grey, std::int64_t y, std::int64_t x0, std::int64_t x1);
    void count_colors(const std::uint8_t* grey, std::int64_t y, std::int64_t x0, std::int64_t x1);
    std::int64_t colored_samples(const ChromaRow& row, std::int64_t n) const;

    const Plan& plan_;
    const Layout& layout_;
    const FormatTraits& format_;
    const Kernels& kernels_;
    const FetchPolicy& fetch_;
    const Readers& readers_;
    const Planes& data_;
    Workspace& work_;
    Statistics* statistics_;
    CoarseRows* coarse_;
    TapView taps_;
    std::uint16_t* sums_;
    std::uint16_t* sums_before_;  // of the output row before
    float* out_before_ = nullptr;
    Decode decode_;  // null where the codes lie in memory
    WeighRows weigh_rows_;
    std::int64_t x0_, y0_, columns_, rows_;
    std::int64_t stride_, pixel_bytes_, code_bytes_;
    std::int64_t counted_every_;     // rows
    std::int64_t counted_next_ = 0;  // row
    const std::uint8_t* origin_;
    bool in_place_;                 // grey is used where it lies
    bool halved_;                   // rows are fetched by decoding and by weighing
    std::int64_t rows_ahead_;       // of the one that is fetched
    std::int64_t newest_row_ = -1;  // of grey_row()
    std::int64_t edge_row_ = -1;
};

}  // namespace sonogaze
