#pragma once

#include "rows/cells.hpp"
#include "rows/decode.hpp"
#include "rows/statistics.hpp"
#include "rows/weigh.hpp"

namespace sonogaze::rows {

// The table of an instruction set that supplies the lanes. Counting colour in packed pixels is the
// lanes' own: AVX2 compares U and V where they lie, 16 or 32 bits at once, since parting them would
// take shuffles; NEON's loads part them for nothing, and then bytes are compared, sixteen at once.
// Counts of wide codes have no lanes yet: one frame of P010 takes 1.7 (AVX2) to 2.3 times (NEON)
// the instructions with statistics as it does without.
template <class Lanes, Into into>
constexpr Readers readers() {
    return {// in the order of Luma
            {clip_luma<Lanes, into>, packed_yuv<Lanes, into, 0>, packed_yuv<Lanes, into, 1>,
             gray16<Lanes, into>, rgb<Lanes, into, 3, 0, 1, 2>, rgb<Lanes, into, 3, 2, 1, 0>,
             rgb<Lanes, into, 4, 0, 1, 2>, rgb<Lanes, into, 4, 2, 1, 0>,
             rgb<Lanes, into, 4, 1, 2, 3>, rgb<Lanes, into, 4, 3, 2, 1>, decode_words<Lanes, into>},
            weigh_rows<Lanes, into>,
            weigh_wide<Lanes, into>,
            kHalvedPixelBytes<into>,
            fetch_bytes<into>};
}

template <class Lanes>
constexpr Kernels kernels(const char* name) {
    constexpr CountRgb kColored24 = Lanes::template colored_rgb<3, 0>;
    constexpr CountRgb kColored32 = Lanes::template colored_rgb<4, 0>;
    constexpr CountRgb kColored32From1 = Lanes::template colored_rgb<4, 1>;
    return {
        name,
        {readers<Lanes, Into::first_level>(), readers<Lanes, Into::second_level>()},
        {nullptr, nullptr, nullptr, nullptr, kColored24, kColored24, kColored32, kColored32,
         kColored32From1, kColored32From1},
        {colored_planar<Lanes>, Lanes::template colored_packed<2>,
         Lanes::template colored_packed<4>},
        dot_cells<Lanes>,
        add_cells<Lanes>,
        normalise<Lanes, std::uint32_t>,
        normalise<Lanes, std::uint64_t>,
        count_levels<Lanes>,
        scalar::count_levels<std::uint16_t>,
        scalar::color_wide,
        sum_bytes<Lanes>,
    };
}

}  // namespace sonogaze::rows
