#include "avx2/lanes.hpp"
#include "rows/table.hpp"

namespace sonogaze {

const Kernels kAvx2Kernels = rows::kernels<avx2::Lanes>("avx2");

}  // namespace sonogaze
