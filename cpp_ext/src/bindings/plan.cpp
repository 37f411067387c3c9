#include <pybind11/pybind11.h>

#include <cmath>
#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

void run(const BoundPlan& plan, const py::object& data, const py::object& out) {
    const FrameBuffers frame(plan.layout(), data.ptr());
    HeldBuffer held;
    float* const floats = held_floats(held, out.ptr(), plan.outputs(), true);
    const Unlocked unlocked;
    plan.run(frame.pointers(), floats);
}

// Arrays of the caller that a measuring run writes and reads.
py::tuple measure(const BoundPlan& plan, const py::object& data, const py::object& out,
                  const py::object& coarse, const py::object& previous) {
    const FrameBuffers frame(plan.layout(), data.ptr());
    HeldBuffer held[3];
    const std::int64_t cells = plan.coarse_columns() * plan.coarse_rows();
    float* const floats = held_floats(held[0], out.ptr(), plan.outputs(), true);
    float* const blocks = held_floats(held[1], coarse.ptr(), cells, true);
    const float* const before =
        previous.is_none() ? nullptr : held_floats(held[2], previous.ptr(), cells, false);
    Statistics s;
    {
        const Unlocked unlocked;
        s = plan.measure(frame.pointers(), floats, blocks, before);
    }
    const FrameSpec& spec = plan.layout().spec;
    const int bits = spec.format->bits;
    const double code = static_cast<double>(s.levels.sum) / static_cast<double>(s.pixels);
    const double mean =
        (code - black_code(bits, spec.range)) * 255.0 / code_levels(bits, spec.range);
    return py::make_tuple(s.pixels, mean, s.levels.black, s.colored, s.color_samples, s.difference,
                          s.shift);
}

// How many cells differ by more than `level` from those of before; one that was NaN never does.
std::int64_t moved(const BoundPlan& plan, const py::object& data, const py::object& before,
                   double level) {
    const FrameBuffers frame(plan.layout(), data.ptr());
    HeldBuffer held;
    const float* const was = held_floats(held, before.ptr(), plan.outputs(), false);
    const Unlocked unlocked;
    std::vector<float> now(static_cast<std::size_t>(plan.outputs()));
    plan.run(frame.pointers(), now.data());
    std::int64_t count = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
        count += static_cast<double>(std::abs(now[i] - was[i])) > level ? 1 : 0;
    }
    return count;
}

}  // namespace

void register_plan(py::module_& m) {
    py::class_<BoundPlan, std::shared_ptr<BoundPlan>>(m, "Plan")
        .def(py::init([](std::shared_ptr<BoundLayout> layout, std::int64_t width,
                         std::int64_t height, bool letterbox, double mean, double std,
                         std::int64_t pad_level, const std::string& isa, const std::string& fetch) {
                 const TargetSpec target{width, height, letterbox, mean, std, pad_level};
                 return std::make_shared<BoundPlan>(std::move(layout), target, isa, fetch);
             }),
             py::kw_only(), py::arg("layout").none(false), py::arg("width"), py::arg("height"),
             py::arg("letterbox").noconvert(), py::arg("mean"), py::arg("std"),
             py::arg("pad_level"), py::arg("isa"), py::arg("fetch") = "")
        .def("run", &run)
        .def("measure", &measure)
        .def("moved", &moved)
        .def_property_readonly("isa", [](const BoundPlan& plan) { return plan.isa(); })
        .def_property_readonly("fetch", [](const BoundPlan& plan) { return plan.fetch(); })
        .def_property_readonly("coarse_shape",
                               [](const BoundPlan& plan) {
                                   return py::make_tuple(plan.coarse_rows(), plan.coarse_columns());
                               })
        .def_property_readonly("inner", [](const BoundPlan& plan) {
            const Inner& inner = plan.inner();
            return py::make_tuple(inner.x, inner.y, inner.width, inner.height);
        });
}

}  // namespace sonogaze
