#pragma once

#include <pybind11/pybind11.h>

#include "buffers.hpp"

namespace sonogaze {

void bind_layout(pybind11::module_& m);
void bind_plan(pybind11::module_& m);
void bind_reading(pybind11::module_& m);
void bind_student(pybind11::module_& m);

// A caller's array of `count` floats, checked. Held while a kernel uses it. Throws Error.
float* held_floats(HeldBuffer& held, PyObject* array, std::int64_t count, bool writable);

}  // namespace sonogaze
