#pragma once

#include "neon/cells.hpp"
#include "neon/decode.hpp"
#include "neon/statistics.hpp"
#include "neon/weigh.hpp"

namespace sonogaze::neon {

// What rows/ needs of an instruction set: 16 bytes a vector.
struct Lanes : DecodeLanes, WeighLanes, CellLanes, StatisticsLanes {};

}  // namespace sonogaze::neon
