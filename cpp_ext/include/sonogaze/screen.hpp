#pragma once

#include <cstdint>

#include "sonogaze/plan.hpp"

namespace sonogaze {

// Whether a tensor shows a scanner's whole screen rather than an image: large flat surfaces, hard
// edges on flat ground in many places (text, rulers, icons), and little tissue along the
// border. tensor: `width` values a row; inner: the cells that are not padding, judged only from 64
// x 48 on; per_level: values of one grey level, above 0.
bool looks_like_screen(const float* tensor, std::int64_t width, const Inner& inner,
                       float per_level) noexcept;

}  // namespace sonogaze
