#pragma once

#include "sonogaze/plan.hpp"

namespace sonogaze {

// Only reads the bytes of the region's box, as fast as this machine can, and returns their sum:
// the bound that benchmarks measure a pass against. chroma: read the planes of colour as well.
std::uint64_t read_region(const Layout& layout, const Planes& data, const Kernels& kernels,
                          bool chroma);

// The same by memcpy of one row after the other to `scratch`, readable up to read_row_bytes().
void copy_region(const Layout& layout, const Planes& data, bool chroma, std::uint8_t* scratch);

// Bytes of the region's longest row in any plane, and of the whole region.
std::int64_t region_row_bytes(const Layout& layout) noexcept;
std::int64_t region_bytes(const Layout& layout, bool chroma) noexcept;

// Bytes of all rows of all planes, and a copy of them: top-down, without padding, plane after
// plane.
std::int64_t packed_bytes(const Layout& layout) noexcept;
void pack_frame(const Layout& layout, const Planes& data, std::uint8_t* out) noexcept;

}  // namespace sonogaze
