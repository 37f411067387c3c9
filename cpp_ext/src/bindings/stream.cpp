#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"
#include "sonogaze/smoothing.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

std::vector<double> numbers(const py::tuple& values) {
    std::vector<double> found;
    found.reserve(values.size());
    for (const py::handle value : values) found.push_back(PyFloat_AsDouble(value.ptr()));
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    return found;
}

py::tuple pooled(const py::tuple& before, const py::tuple& now, double keep, double floor) {
    if (before.size() != now.size() || now.empty()) {
        throw py::value_error("there must be as many probabilities as before, and one at least");
    }
    if (!(keep >= 0 && keep <= 1 && floor > 0)) {
        throw py::value_error("keep must be 0..1 and floor above 0");
    }
    std::vector<double> shares = numbers(before);
    pool(shares.data(), numbers(now).data(), shares.size(), keep, floor, shares.data());
    // an allocation may run the garbage collector, and so anybody's code
    return never_unwound([&] {
        py::tuple told(shares.size());
        for (std::size_t i = 0; i < shares.size(); ++i) told[i] = py::float_(shares[i]);
        return told;
    });
}

// A read-only mapping from labels to shares.
py::object by_label(const py::tuple& labels, const py::tuple& shares) {
    if (labels.size() != shares.size()) throw py::value_error("there must be a share a label");
    return never_unwound([&] {
        const py::dict named;
        for (std::size_t i = 0; i < labels.size(); ++i) named[labels[i]] = shares[i];
        PyObject* const shown = PyDictProxy_New(named.ptr());
        if (shown == nullptr) throw py::error_already_set();
        return py::reinterpret_steal<py::object>(shown);
    });
}

}  // namespace

void register_stream(py::module_& m) {
    m.def("pooled", &pooled);
    m.def("by_label", &by_label);
}

}  // namespace sonogaze
