#include "avx2/resize.hpp"
#include "avx2/statistics.hpp"

namespace sonogaze {

using namespace avx2;  // NOLINT(google-build-using-namespace): the tables below name its rows

// Order: GRAY8 GRAY16 RGB24 BGR24 RGBA32 BGRA32 ARGB32 YUYV UYVY NV12 NV21 I420 YV12
const Kernels kAvx2Kernels{
    "avx2",
    {clip_luma, gray16, rgb<Bytes3, 0, 1, 2>, rgb<Bytes3, 2, 1, 0>, rgb<Bytes4, 0, 1, 2>,
     rgb<Bytes4, 2, 1, 0>, rgb<Bytes4, 1, 2, 3>, packed_yuv<0>, packed_yuv<1>, clip_luma, clip_luma,
     clip_luma, clip_luma},
    {nullptr, nullptr, colored_rgb<Bytes3, 0, 2>, colored_rgb<Bytes3, 2, 0>,
     colored_rgb<Bytes4, 0, 2>, colored_rgb<Bytes4, 2, 0>, colored_rgb<Bytes4, 1, 3>},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, colored_packed<4>,
     colored_packed<4>, colored_packed<2>, colored_packed<2>, colored_planar, colored_planar},
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
