#pragma once

namespace sonogaze {

// Whether CPU and operating system both support AVX2. False on other architectures.
bool has_avx2() noexcept;

}  // namespace sonogaze
