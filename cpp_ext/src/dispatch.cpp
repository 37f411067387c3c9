#include "sonogaze/error.hpp"
#include "sonogaze/kernels.hpp"

namespace sonogaze {
namespace {

std::vector<const Kernels*> available() {
    std::vector<const Kernels*> sets;
    sets.push_back(&scalar_kernels());
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
