#pragma once

#include "fetch.hpp"
#include "rows/blocks.hpp"
#include "scalar/rows.hpp"

// Rows of codes to weighed column sums.
namespace sonogaze::rows {

template <class Lanes, Into into, int Count, bool Onto>
static void weigh(const RowPair* pairs, std::int64_t n, std::uint16_t* sums,
                  const RowsAhead& ahead) {
    const typename Lanes::template PairWeights<Count> weights(pairs);
    const auto block = [&](std::int64_t x) {
        return weights.template sums<Onto>(pairs, x, sums + x);
    };
    // The last block is summed first and stored last: it may share columns with the one before.
    const std::int64_t end = n - Lanes::kBlock;
    const auto last = block(end);
    const RowsAhead soon = ahead;
    std::int64_t line = soon.first;
    for (std::int64_t x = 0; x < end; x += Lanes::kBlock) {
        line = fetch_rows<into, 2 * Count>(soon, line, (x + Lanes::kBlock) * soon.pixel_bytes);
        Lanes::store_sums(sums + x, block(x));
    }
    fetch_rows<into, 2 * Count>(soon, line, n * soon.pixel_bytes + kLine);
    Lanes::store_sums(sums + end, last);
}

template <class Lanes, Into into>
static void weigh_rows(const RowPair* pairs, std::int64_t count, std::int64_t n,
                       std::uint16_t* sums, bool onto, const RowsAhead& ahead) {
    if (n < Lanes::kBlock) {
        scalar::weigh_rows(pairs, count, n, sums, onto, ahead);
    } else if (count == 1) {
        onto ? weigh<Lanes, into, 1, true>(pairs, n, sums, ahead)
             : weigh<Lanes, into, 1, false>(pairs, n, sums, ahead);
    } else {
        onto ? weigh<Lanes, into, 2, true>(pairs, n, sums, ahead)
             : weigh<Lanes, into, 2, false>(pairs, n, sums, ahead);
    }
}

template <class Lanes, Into into, int Count, bool Onto>
static std::int64_t weigh_words(const RowPair* pairs, std::int64_t n, std::uint16_t* sums,
                                const RowsAhead& ahead) {
    const RowsAhead soon = ahead;
    std::int64_t line = soon.first;
    return each_whole_block<Lanes::kBlock / 2>(n, [&](std::int64_t at) {
        line = fetch_rows<into, 2 * Count>(soon, line, (at + Lanes::kBlock / 2) * soon.pixel_bytes);
        auto sum = Onto ? Lanes::load_words(sums + at) : Lanes::splat_words(0);
        for (int r = 0; r < 2 * Count; ++r) {
            const RowPair& pair = pairs[r / 2];
            const auto codes =
                Lanes::load_words(scalar::row_of<std::uint16_t>(pair.rows[r % 2]) + at);
            sum = Lanes::multiply_add(sum, codes, pair.weights[r % 2]);
        }
        Lanes::store_words(sums + at, sum);
    });
}

// Whole blocks by vectors and what is left by the scalar kernel: a repeated block would be added
// twice.
template <class Lanes, Into into>
static void weigh_wide(const RowPair* pairs, std::int64_t count, std::int64_t n,
                       std::uint16_t* sums, bool onto, const RowsAhead& ahead) {
    const std::int64_t x = count == 1
                               ? (onto ? weigh_words<Lanes, into, 1, true>(pairs, n, sums, ahead)
                                       : weigh_words<Lanes, into, 1, false>(pairs, n, sums, ahead))
                               : (onto ? weigh_words<Lanes, into, 2, true>(pairs, n, sums, ahead)
                                       : weigh_words<Lanes, into, 2, false>(pairs, n, sums, ahead));
    RowPair rest[2] = {pairs[0], pairs[count - 1]};
    for (RowPair& pair : rest) {
        for (const std::uint8_t*& row : pair.rows) row += 2 * x;
    }
    scalar::weigh_wide(rest, count, n - x, sums + x, onto, ahead);
}

}  // namespace sonogaze::rows
