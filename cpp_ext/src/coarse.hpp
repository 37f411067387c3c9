#pragma once

#include <cstdint>

#include "sonogaze/statistics.hpp"

namespace sonogaze {

// Picks every kCoarseCells-th output row, and averages kCoarseCells cells of it at a time.
class CoarseRows {
  public:
    // unit: grey levels of one cell's sum 1; offset: levels.
    CoarseRows(std::int64_t columns, double unit, double offset, float* out)
        : columns_(columns), unit_(unit), offset_(offset), out_(out) {}

    void add(const std::uint32_t* cells);
    void add(const std::uint64_t* cells);

  private:
    template <class Cell>
    void add_cells(const Cell* cells);

    std::int64_t columns_;
    double unit_, offset_;
    float* out_;
    std::int64_t rows_ = 0;
};

struct Change {
    double difference, shift;
};

// Means of |a - b| and of a - b over n values.
Change mean_change(const float* a, const float* b, std::int64_t n) noexcept;

}  // namespace sonogaze
