#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

#include "bindings/buffers.hpp"
#include "sonogaze/layout.hpp"
#include "sonogaze/plan.hpp"

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

struct BoundPlan : Plan, NoBareMemory {
    using Plan::Plan;
};

// One for each topic; module.cpp calls them all.
void register_errors(const pybind11::module_& m);
void register_formats(pybind11::module_& m);
void register_layout(pybind11::module_& m);
void register_plan(pybind11::module_& m);
void register_gate(pybind11::module_& m);
void register_answer(pybind11::module_& m);
void register_request(pybind11::module_& m);
void register_attention(pybind11::module_& m);
void register_read(pybind11::module_& m);
void register_region(pybind11::module_& m);
void register_stream(pybind11::module_& m);
void register_process(pybind11::module_& m);

}  // namespace sonogaze
