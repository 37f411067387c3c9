#pragma once

#include "rows/blocks.hpp"
#include "scalar/rows.hpp"

// What statistics.hpp counts. Every count is exact, whatever the block size.
namespace sonogaze::rows {

// Lanes::MaskCount and Lanes::ByteSum hold up to kMostBlocks vectors before they overflow.
template <class Lanes>
static void count_levels(const std::uint8_t* grey, std::int64_t n, std::uint8_t black,
                         LevelCounts& counts) {
    constexpr std::int64_t kMost = Lanes::kMostBlocks * Lanes::kBlock;
    const auto limit = Lanes::splat(black);
    while (n >= Lanes::kBlock) {
        typename Lanes::ByteSum sum;
        typename Lanes::MaskCount dark;
        const std::int64_t done =
            each_whole_block<Lanes::kBlock>(n < kMost ? n : kMost, [&](std::int64_t at) {
                const auto codes = Lanes::load(grey + at);
                sum.add(codes);
                dark.add(Lanes::at_most(codes, limit));
            });
        counts.sum += static_cast<std::int64_t>(sum.total());
        counts.black += dark.total();
        grey += done;
        n -= done;
    }
    scalar::count_levels(grey, n, black, counts);
}

// A plane each of U and V.
template <class Lanes>
static std::int64_t colored_planar(const ChromaRow& row, std::int64_t n,
                                   const ColorLimits& limits) {
    constexpr std::int64_t kMost = Lanes::kMostBlocks * Lanes::kBlock;
    const typename Lanes::Distance cb(static_cast<std::uint8_t>(limits.cb));
    const typename Lanes::Distance cr(static_cast<std::uint8_t>(limits.cr));
    std::int64_t x = 0;
    std::int64_t plain = 0;
    while (n - x >= Lanes::kBlock) {
        typename Lanes::MaskCount near;
        const std::int64_t left = n - x < kMost ? n - x : kMost;
        x += each_whole_block<Lanes::kBlock>(left, [&](std::int64_t at) {
            near.add(Lanes::both(cb.near(Lanes::load(row.u + x + at)),
                                 cr.near(Lanes::load(row.v + x + at))));
        });
        plain += near.total();
    }
    const ChromaRow rest{row.u + x, row.v + x};
    return x - plain + scalar::colored_yuv<1>(rest, n - x, limits);
}

}  // namespace sonogaze::rows
