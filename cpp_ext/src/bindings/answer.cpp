#include "sonogaze/answer.hpp"

#include <cmath>
#include <vector>

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

// None where a logit is not finite.
py::object probabilities(const py::object& array, double scale) {
    if (!(std::isfinite(scale) && scale > 0)) {
        throw py::value_error("scale must be a finite number above 0");
    }
    HeldBuffer held;
    const std::int64_t count = held_all_floats(held, array.ptr());
    const auto* const logits = static_cast<const float*>(held.view().buf);
    if (!all_finite(logits, count)) return py::none();
    std::vector<double> shares(static_cast<std::size_t>(count));
    softmax(logits, count, scale, shares.data());
    py::tuple found(shares.size());
    for (std::size_t i = 0; i < shares.size(); ++i) found[i] = shares[i];
    return found;
}

}  // namespace

void register_answer(py::module_& m) {
    m.def("all_finite", &finite);
    m.def("is_distribution", &distribution);
    m.def("softmax", &probabilities);
}

}  // namespace sonogaze
