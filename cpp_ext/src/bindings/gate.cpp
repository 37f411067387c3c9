#include "bindings/gate.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <memory>

namespace py = pybind11;

namespace sonogaze {
namespace {

// The number of a Fault. inner: cells (x, y, width, height) that are not padding.
int judge_tensor(const Gate& gate, const py::object& tensor,
                 const std::array<std::int64_t, 4>& inner) {
    const auto [x, y, columns, rows] = inner;
    const bool inside = x >= 0 && y >= 0 && columns >= 0 && rows >= 0 && x <= gate.width &&
                        y <= gate.height && columns <= gate.width - x && rows <= gate.height - y;
    if (!inside) throw py::value_error("inner does not lie inside the tensor");
    HeldBuffer held;
    const float* const cells = held_floats(held, tensor.ptr(), gate.width * gate.height, false);
    return static_cast<int>(judge(cells, gate.width, {x, y, columns, rows}, gate.limits));
}

}  // namespace

void register_gate(py::module_& m) {
    py::class_<Gate, std::shared_ptr<Gate>>(m, "Gate")
        .def(py::init([](std::int64_t width, std::int64_t height, float black, float saturated,
                         float repeat, double min_lit_share, double max_saturated_share,
                         double max_repeated_share, double min_variance, double min_correlation,
                         double pattern_correlation) {
                 const GateLimits limits{black,         saturated,           repeat,
                                         min_lit_share, max_saturated_share, max_repeated_share,
                                         min_variance,  min_correlation,     pattern_correlation};
                 return std::make_shared<Gate>(width, height, limits);
             }),
             py::kw_only(), py::arg("width"), py::arg("height"), py::arg("black"),
             py::arg("saturated"), py::arg("repeat"), py::arg("min_lit_share"),
             py::arg("max_saturated_share"), py::arg("max_repeated_share"), py::arg("min_variance"),
             py::arg("min_correlation"), py::arg("pattern_correlation"))
        .def("judge", &judge_tensor);
}

}  // namespace sonogaze
