#include <pybind11/stl.h>

#include "bindings/bindings.hpp"
#include "sonogaze/format.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

// Of all planes, for frames of even sides.
double bytes_per_pixel(const FormatTraits& format) {
    std::int64_t bytes = 0;
    for (int p = 0; p < format.planes; ++p) {
        bytes += plane_rows(format, p, 2) * row_bytes(format, p, 2);
    }
    return static_cast<double>(bytes) / 4;
}

py::dict facts_of(const FormatTraits& format) {
    py::dict facts;
    facts["planes"] = format.planes;
    facts["yuv"] = format.yuv();
    facts["window"] = format.luma == Luma::window16;
    facts["bytes_per_pixel"] = bytes_per_pixel(format);
    facts["pixel_bytes"] = format.pixel_bytes;
    facts["sample_bytes"] = format.sample_bytes;
    return facts;
}

}  // namespace

void register_formats(py::module_& m) {
    m.def("formats", [] {
        py::dict table;
        for (const FormatTraits& format : kFormatTable) table[format.name] = facts_of(format);
        return table;
    });
}

}  // namespace sonogaze
