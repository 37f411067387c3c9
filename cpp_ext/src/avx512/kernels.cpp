#include "avx512/lanes.hpp"
#include "rows/table.hpp"

namespace sonogaze {

const Kernels kAvx512Kernels = rows::kernels<avx512::Lanes>("avx512");

}  // namespace sonogaze
