#pragma once

#include "rows/cells.hpp"
#include "rows/decode.hpp"
#include "rows/statistics.hpp"
#include "rows/weigh.hpp"

namespace sonogaze::rows {

// The table of an instruction set that supplies the lanes. Counting colour in packed pixels is the
// lanes' own: the cheapest way differs. AVX2 compares U and V where they lie, as 16 or 32 bits
// together; NEON's loads part them at no cost. Either way costs the other half as much again.
// Colour of wide codes has no vectors of its own: it is looked at in every other row alone, and the
// compiler's are enough.
template <class Lanes>
constexpr Kernels kernels(const char* name) {
    constexpr CountRgb kColored24 = Lanes::template colored_rgb<3, 0>;
    constexpr CountRgb kColored32 = Lanes::template colored_rgb<4, 0>;
    constexpr CountRgb kColored32From1 = Lanes::template colored_rgb<4, 1>;
    return {
        name,
        // in the order of Luma
        {clip_luma<Lanes>, packed_yuv<Lanes, 0>, packed_yuv<Lanes, 1>, gray16<Lanes>,
         rgb<Lanes, 3, 0, 1, 2>, rgb<Lanes, 3, 2, 1, 0>, rgb<Lanes, 4, 0, 1, 2>,
         rgb<Lanes, 4, 2, 1, 0>, rgb<Lanes, 4, 1, 2, 3>, rgb<Lanes, 4, 3, 2, 1>,
         decode_words<Lanes>},
        {nullptr, nullptr, nullptr, nullptr, kColored24, kColored24, kColored32, kColored32,
         kColored32From1, kColored32From1},
        {colored_planar<Lanes>, Lanes::template colored_packed<2>,
         Lanes::template colored_packed<4>},
        fetch_bytes,
        weigh_rows<Lanes>,
        dot_cells<Lanes>,
        add_cells<Lanes>,
        normalise<Lanes, std::uint32_t>,
        normalise<Lanes, std::uint64_t>,
        count_levels<Lanes>,
        weigh_wide<Lanes>,
        scalar::count_levels<std::uint16_t>,
        scalar::color_wide,
        sum_bytes<Lanes>,
    };
}

}  // namespace sonogaze::rows
