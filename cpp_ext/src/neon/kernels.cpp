#include "neon/decode.hpp"
#include "neon/resize.hpp"
#include "neon/statistics.hpp"

namespace sonogaze {

using namespace neon;  // NOLINT(google-build-using-namespace): the tables below name its rows

// Order: GRAY8 GRAY16 RGB24 BGR24 RGBA32 BGRA32 ARGB32 YUYV UYVY NV12 NV21 I420 YV12
const Kernels kNeonKernels{
    "neon",
    {clip_luma, gray16, rgb<3, 0, 1, 2>, rgb<3, 2, 1, 0>, rgb<4, 0, 1, 2>, rgb<4, 2, 1, 0>,
     rgb<4, 1, 2, 3>, packed_yuv<0>, packed_yuv<1>, clip_luma, clip_luma, clip_luma, clip_luma},
    {nullptr, nullptr, colored_rgb<3, 0, 2>, colored_rgb<3, 2, 0>, colored_rgb<4, 0, 2>,
     colored_rgb<4, 2, 0>, colored_rgb<4, 1, 3>},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, colored_yuv<4>, colored_yuv<4>,
     colored_yuv<2>, colored_yuv<2>, colored_yuv<1>, colored_yuv<1>},
    fetch_bytes,
    weigh_rows,
    dot_cells,
    add_cells,
    normalise,
    normalise_wide,
    count_levels,
    sum_bytes,
};

}  // namespace sonogaze
