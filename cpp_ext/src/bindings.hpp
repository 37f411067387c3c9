#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

#include "buffers.hpp"
#include "sonogaze/layout.hpp"

namespace sonogaze {

// Where a method is called on an object whose __init__ never ran, pybind11 takes memory for it from
// here and reads what is there by chance. Bound classes are made by std::make_shared alone, which
// asks elsewhere.
struct NoBareMemory {
    [[noreturn]] static void* operator new(std::size_t) {
        throw pybind11::type_error("the object was never initialised: call its class");
    }
    static void operator delete(void* memory) { ::operator delete(memory); }
};

struct BoundLayout : Layout, NoBareMemory {
    using Layout::Layout;
};

void bind_layout(pybind11::module_& m);
void bind_plan(pybind11::module_& m);
void bind_reading(pybind11::module_& m);
void bind_student(pybind11::module_& m);

// A caller's array of `count` floats, checked. Held while a kernel uses it. Throws Error.
float* held_floats(HeldBuffer& held, PyObject* array, std::int64_t count, bool writable);

}  // namespace sonogaze
