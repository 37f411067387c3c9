#include "cpu.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze {
namespace {

std::vector<const Kernels*> available() {
    std::vector<const Kernels*> sets;
#ifdef SONOGAZE_X86
    if (has_avx512(cpu_bits())) sets.push_back(&kAvx512Kernels);
    if (has_avx2(cpu_bits())) sets.push_back(&kAvx2Kernels);
#endif
#ifdef SONOGAZE_NEON
    sets.push_back(&kNeonKernels);  // every 64-bit Arm CPU has it
#endif
    sets.push_back(&kScalarKernels);
    return sets;
}

}  // namespace

const Kernels& select_kernels(const std::string& name) {
    const std::vector<const Kernels*> sets = available();
    if (name.empty() || name == "auto") return *sets.front();
    std::string known = "auto";
    for (const Kernels* set : sets) {
        if (name == set->name) return *set;
        known += std::string(", ") + set->name;
    }
    throw Error("isa-unavailable",
                "instruction set is '" + name + "', this machine can run " + known);
}

std::vector<std::string> available_isas() {
    std::vector<std::string> names;
    for (const Kernels* set : available()) names.emplace_back(set->name);
    return names;
}

}  // namespace sonogaze
