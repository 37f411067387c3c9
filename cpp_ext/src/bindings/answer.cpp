#include "sonogaze/answer.hpp"

#include "bindings/bindings.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

bool finite(const py::object& array) {
    HeldBuffer held;
    const std::int64_t count = held_all_floats(held, array.ptr());
    return all_finite(static_cast<const float*>(held.view().buf), count);
}

bool distribution(const py::object& array, double slack) {
    HeldBuffer held;
    const std::int64_t count = held_all_floats(held, array.ptr());
    return is_distribution(static_cast<const float*>(held.view().buf), count, slack);
}

}  // namespace

void register_answer(py::module_& m) {
    m.def("all_finite", &finite);
    m.def("is_distribution", &distribution);
}

}  // namespace sonogaze
