#include <string>

#include "bindings/bindings.hpp"
#include "sonogaze/error.hpp"

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

const char* class_of(const std::string& slug) {
    if (slug == "preprocessing-invalid") return "ModelError";
    return slug == "isa-unavailable" ? "SdkError" : "FrameError";
}

// Runs no Python code: this is called inside pybind11's catch block, and a daemon thread that lost
// the GIL there, to an interpreter that ends, would abort the process (see gil.hpp). So the error
// is made as SdkError.__init__ makes it, but by hand; Error has bounded the message.
void raise_as_sdk_error(std::exception_ptr thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
        const std::string slug = error.slug();
        const py::object cls = error_class(class_of(slug));
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

void register_errors(const py::module_& m) {
    find_errors(m);
    py::register_exception_translator(&raise_as_sdk_error);
}

}  // namespace sonogaze
