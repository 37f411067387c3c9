#pragma once

#include "avx2/cells.hpp"
#include "avx2/decode.hpp"
#include "avx2/statistics.hpp"
#include "avx2/weigh.hpp"

namespace sonogaze::avx2 {

// What rows/ needs of an instruction set: 32 bytes a vector.
struct Lanes : DecodeLanes, WeighLanes, CellLanes, StatisticsLanes {};

}  // namespace sonogaze::avx2
