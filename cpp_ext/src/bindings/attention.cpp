#include "sonogaze/attention.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

using Sides = std::array<std::int64_t, 2>;

// shape: (rows, columns) of the map; tensor: (width, height); inner: cells (x, y, width, height).
void spread(const BoundLayout& layout, const py::object& cells, const Sides& shape,
            const Sides& tensor, const std::array<std::int64_t, 4>& inner, const py::object& out) {
    AttentionMap map{nullptr,   shape[0],  shape[1],
                     tensor[0], tensor[1], {inner[0], inner[1], inner[2], inner[3]}};
    check_attention_map(map);
    HeldBuffer held[2];
    map.cells = held_floats(held[0], cells.ptr(), map.rows * map.columns, false);
    const std::int64_t pixels = layout.spec.width * layout.spec.height;
    float* const target = held_floats(held[1], out.ptr(), pixels, true);
    const Unlocked unlocked;
    spread_attention(layout, map, target);
}

}  // namespace

void register_attention(py::module_& m) { m.def("spread_attention", &spread); }

}  // namespace sonogaze
