#pragma once

#include <cstdint>

#include "sonogaze/statistics.hpp"
#include "sonogaze/workspace.hpp"

namespace sonogaze {

// Gathers output rows into blocks of kCoarseCells x kCoarseCells cells.
class CoarseRows {
  public:
    // sums: scratch of `columns` values. unit: grey levels of one cell's sum 1; offset: levels.
    CoarseRows(Lines<std::uint64_t>& sums, std::int64_t columns, double unit, double offset,
               float* out);

    void add(const std::uint32_t* cells);
    void add(const std::uint64_t* cells);
    void finish();  // writes a last block of fewer rows

  private:
    template <class Cell>
    void add_cells(const Cell* cells);
    void write();

    Lines<std::uint64_t>& sums_;
    std::int64_t columns_;
    double unit_, offset_;
    float* out_;
    std::int64_t rows_ = 0;
};

// Mean of |a - b| over n values.
double mean_difference(const float* a, const float* b, std::int64_t n) noexcept;

}  // namespace sonogaze
