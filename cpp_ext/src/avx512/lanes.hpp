#pragma once

#include "avx512/cells.hpp"
#include "avx512/decode.hpp"
#include "avx512/statistics.hpp"
#include "avx512/weigh.hpp"

namespace sonogaze::avx512 {

// What rows/ needs of an instruction set: 64 bytes a vector. F, BW, DQ, VL, VBMI and VNNI.
struct Lanes : DecodeLanes, WeighLanes, CellLanes, StatisticsLanes {};

}  // namespace sonogaze::avx512
