#include "sonogaze/read.hpp"

#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

std::uint64_t sum_region(const BoundLayout& layout, const py::object& data, bool chroma) {
    const FrameBuffers frame(layout, data.ptr());
    const Unlocked unlocked;
    return read_region(layout, frame.pointers(), select_kernels(""), chroma);
}

void memcpy_region(const BoundLayout& layout, const py::object& data, bool chroma) {
    const FrameBuffers frame(layout, data.ptr());
    const Unlocked unlocked;
    std::vector<std::uint8_t> scratch(static_cast<std::size_t>(region_row_bytes(layout)));
    copy_region(layout, frame.pointers(), chroma, scratch.data());
}

}  // namespace

void register_read(py::module_& m) {
    m.def("sum_region", &sum_region);
    m.def("memcpy_region", &memcpy_region);
    m.def("region_bytes",
          [](const BoundLayout& layout, bool chroma) { return region_bytes(layout, chroma); });
}

}  // namespace sonogaze
