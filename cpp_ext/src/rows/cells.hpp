#pragma once

#include "rows/blocks.hpp"
#include "sonogaze/kernels.hpp"

// Column sums to cells, and cells to floats.
namespace sonogaze::rows {

template <class Lanes>
static void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots) {
    static_assert(kCellBlock % Lanes::kCells == 0, "a table holds whole blocks of cells");
    for (std::int64_t j = 0; j < table.cells; j += Lanes::kCells) {
        Lanes::store_dots(dots + j, table.taps == 4   ? Lanes::dots_4(sums, table, j)
                                    : table.taps == 8 ? Lanes::dots_8(sums, table, j)
                                                      : Lanes::dots_wide(sums, table, j));
    }
}

template <class Lanes>
static void add_cells(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
                      std::uint64_t* cells) {
    const typename Lanes::Weight weights(weight);
    for (std::int64_t j = 0; j < n; j += Lanes::kDoubles) weights.add(dots + j, cells + j);
}

// Product and sum are rounded one after the other, as docs/formats.md says.
template <class Lanes, class Cell>
static void normalise(const Cell* cells, std::int64_t n, double scale, double bias, float* out) {
    const auto scales = Lanes::splat_double(scale);
    const auto biases = Lanes::splat_double(bias);
    std::int64_t j = each_whole_block<Lanes::kDoubles>(n, [&](std::int64_t at) {
        Lanes::store_floats(out + at, Lanes::scaled(Lanes::doubles(cells + at), scales, biases));
    });
    for (; j < n; ++j) out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
}

// Two vectors at a time: one chain of additions would wait for itself.
template <class Lanes>
static std::uint64_t sum_bytes(const std::uint8_t* src, std::int64_t n) {
    typename Lanes::ByteSum a;
    typename Lanes::ByteSum b;
    std::int64_t i = each_whole_block<2 * Lanes::kBlock>(n, [&](std::int64_t at) {
        a.add(Lanes::load(src + at));
        b.add(Lanes::load(src + at + Lanes::kBlock));
    });
    for (; i < n; i += Lanes::kBlock) a.add(Lanes::load_some(src + i, n - i));
    return a.total() + b.total();
}

}  // namespace sonogaze::rows
