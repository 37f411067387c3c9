#include "neon/lanes.hpp"
#include "rows/table.hpp"

namespace sonogaze {

const Kernels kNeonKernels = rows::kernels<neon::Lanes>("neon");

}  // namespace sonogaze
