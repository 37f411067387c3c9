#include "bindings.hpp"

#include <pybind11/stl.h>

#include <string>

#include "sonogaze/error.hpp"
#include "sonogaze/kernels.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

// The module that defines the error classes, `errors` beside this one; set once, at import. It is
// named after the package that holds both, which isn't always called sdk.
std::string errors_module;

// The class `name` of it; from a module that `import sdk` has loaded.
py::object error_class(const char* name) {
    const auto module =
        py::reinterpret_steal<py::object>(PyImport_GetModule(py::str(errors_module).ptr()));
    return module ? module.attr(name) : py::module_::import(errors_module.c_str()).attr(name);
}

void find_errors(const py::module_& own) {
    const auto name = own.attr("__name__").cast<std::string>();
    errors_module = name.substr(0, name.rfind('.') + 1) + "errors";
}

// Runs no Python code: this is called inside pybind11's catch block, and a daemon thread that lost
// the GIL there, to an interpreter that ends, would abort the process (see gil.hpp). So the error
// is made as SdkError.__init__ makes it, but by hand.
void raise_as_sdk_error(std::exception_ptr thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
        const std::string slug = error.slug();
        const char* name = slug == "preprocessing-invalid" ? "ModelError"
                           : slug == "isa-unavailable"     ? "SdkError"
                                                           : "FrameError";
        const py::object cls = error_class(name);
        auto* const type = reinterpret_cast<PyTypeObject*>(cls.ptr());
        const py::tuple message = py::make_tuple(error.what());
        const auto made =
            py::reinterpret_steal<py::object>(type->tp_new(type, message.ptr(), nullptr));
        if (!made) return;  // Python's own error is set
        made.attr("slug") = slug;
        PyErr_SetObject(cls.ptr(), made.ptr());
    }
}

}  // namespace
}  // namespace sonogaze

PYBIND11_MODULE(_kernels, m) {
    m.doc() = "Pixel formats to normalised tensors in one pass. Use it through sdk.Preprocessing.";
    sonogaze::find_errors(m);
    py::register_exception_translator(&sonogaze::raise_as_sdk_error);
    sonogaze::bind_layout(m);
    sonogaze::bind_plan(m);
    sonogaze::bind_student(m);
    sonogaze::bind_reading(m);
    // never destroys it, not even at the interpreter's end
    m.def("keep_forever", [](py::object thing) { thing.release(); });
    m.def("available_isas", [] { return sonogaze::available_isas(); });
}
