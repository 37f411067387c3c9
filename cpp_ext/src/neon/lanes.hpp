#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "sonogaze/kernels.hpp"

namespace sonogaze::neon {

constexpr std::int64_t kBlock = 16;

}  // namespace sonogaze::neon
