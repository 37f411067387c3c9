#include "scalar/decode.hpp"

namespace sonogaze::scalar {
namespace {

using Bytes = const std::uint8_t*;

// R, G and B are byte offsets within a pixel of Size bytes.
template <int Size, int R, int G, int B>
void rgb(Bytes src, std::int64_t n, std::uint8_t* grey, const DecodeParams&) {
    for (std::int64_t x = 0; x < n; ++x, src += Size) grey[x] = luma(src[R], src[G], src[B]);
}

// Luma at byte Offset of each pair of bytes.
template <int Offset>
void packed_yuv(Bytes src, std::int64_t n, std::uint8_t* grey, const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[2 * x + Offset], p);
}

void planar_luma(Bytes src, std::int64_t n, std::uint8_t* grey, const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x) grey[x] = clip(src[x], p);
}

void gray16(Bytes src, std::int64_t n, std::uint8_t* grey, const DecodeParams& p) {
    for (std::int64_t x = 0; x < n; ++x, src += 2) {
        grey[x] = window(static_cast<std::uint32_t>(src[0] | src[1] << 8), p);
    }
}

}  // namespace

const std::array<Kernels::Decode, kFormats> kDecode{{
    planar_luma,     // GRAY8
    gray16,          // GRAY16
    rgb<3, 0, 1, 2>, // RGB24
    rgb<3, 2, 1, 0>, // BGR24
    rgb<4, 0, 1, 2>, // RGBA32
    rgb<4, 2, 1, 0>, // BGRA32
    rgb<4, 1, 2, 3>, // ARGB32
    packed_yuv<0>,   // YUYV
    packed_yuv<1>,   // UYVY
    planar_luma,     // NV12
    planar_luma,     // NV21
    planar_luma,     // I420
    planar_luma,     // YV12
}};

}  // namespace sonogaze::scalar
