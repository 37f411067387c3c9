#include <pybind11/stl.h>

#include "bindings/bindings.hpp"
#include "cpu.hpp"
#include "sonogaze/fetch_policy.hpp"
#include "sonogaze/kernels.hpp"

namespace py = pybind11;

namespace sonogaze {

void register_process(py::module_& m) {
    // never destroys it, not even at the interpreter's end
    m.def("keep_forever", [](py::object thing) { thing.release(); });
    m.def("available_isas", [] { return available_isas(); });
    m.def("fetch_policies", [] { return fetch_policies(); });
    m.def("fetch_of",
          [](const std::string& vendor, std::uint32_t family) { return fetch_of(vendor, family); });
    // which of the sets that depend on it a CPU and its operating system allow
    m.def("allowed_isas", [](std::uint32_t leaf1_ecx, std::uint32_t leaf7_ebx,
                             std::uint32_t leaf7_ecx, std::uint64_t saved) {
        const CpuBits cpu{leaf1_ecx, leaf7_ebx, leaf7_ecx, saved};
        std::vector<std::string> names;
        if (has_avx512(cpu)) names.emplace_back("avx512");
        if (has_avx2(cpu)) names.emplace_back("avx2");
        return names;
    });
    // what a plan takes of its own accord, and the CPU that it is chosen by
    m.def("kernel_facts", [] {
        const CpuName& cpu = cpu_name();
        py::dict facts;
        facts["isa"] = select_kernels("").name;
        facts["fetch"] = select_fetch("").name;
        facts["vendor"] = cpu.vendor;
        facts["family"] = cpu.family;
        facts["model"] = cpu.model;
        return facts;
    });
}

}  // namespace sonogaze
