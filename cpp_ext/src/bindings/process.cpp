#include <pybind11/stl.h>

#include "bindings/bindings.hpp"
#include "sonogaze/kernels.hpp"

namespace py = pybind11;

namespace sonogaze {

void register_process(py::module_& m) {
    // never destroys it, not even at the interpreter's end
    m.def("keep_forever", [](py::object thing) { thing.release(); });
    m.def("available_isas", [] { return available_isas(); });
}

}  // namespace sonogaze
