#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/read.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

// What py::cast refuses is a wrong number here, not a wrong type of argument.
template <class Number>
Number region_number(const py::handle& value) {
    try {
        return py::cast<Number>(value);
    } catch (const py::cast_error&) {
        throw Error("region-invalid", "a number of the region is too large, or none");
    }
}

RegionSpec region_spec(const py::object& region) {
    RegionSpec spec;
    if (region.is_none()) return spec;
    const std::size_t count = py::isinstance<py::tuple>(region) ? py::len(region) : 0;
    if (count != 4 && count != 6 && count != 10) {
        throw Error("region-invalid", "region must be None, 4 whole numbers, 6 numbers or both");
    }
    const auto numbers = py::reinterpret_borrow<py::tuple>(region);
    std::size_t i = 0;
    if (count != 4) {
        for (double* field : {&spec.cx, &spec.cy, &spec.r_min, &spec.r_max, &spec.angle_min_deg,
                              &spec.angle_max_deg}) {
            *field = region_number<double>(numbers[i++]);
        }
    }
    if (count != 6) {
        for (std::int64_t* field : {&spec.x, &spec.y, &spec.width, &spec.height}) {
            *field = region_number<std::int64_t>(numbers[i++]);
        }
    }
    spec.kind = count == 4 ? RegionSpec::Kind::rectangle : RegionSpec::Kind::sector;
    spec.clipped = count == 10;
    return spec;
}

Matrix matrix_of(int number) {
    constexpr int kLast = static_cast<int>(Matrix::bt2020);
    if (number < 0 || number > kLast) {
        throw Error("color-unknown", "matrix is " + std::to_string(number) + ", it must be 0.." +
                                         std::to_string(kLast));
    }
    return static_cast<Matrix>(number);
}

std::shared_ptr<BoundLayout> make_layout(const std::string& format, std::int64_t width,
                                         std::int64_t height,
                                         const std::vector<std::int64_t>& strides,
                                         bool separate_planes, int matrix, bool limited,
                                         std::pair<std::int64_t, std::int64_t> window,
                                         const py::object& region, std::int64_t unit,
                                         std::pair<double, double> pixel_size_mm) {
    FrameSpec spec;
    spec.format = &parse_format(format);
    spec.width = width;
    spec.height = height;
    spec.strides = strides;
    spec.separate_planes = separate_planes;
    spec.matrix = matrix_of(matrix);
    spec.range = limited ? Range::limited : Range::full;
    spec.window_low = window.first;
    spec.window_high = window.second;
    spec.region = region_spec(region);
    spec.unit = unit;
    spec.pixel_width_mm = pixel_size_mm.first;
    spec.pixel_height_mm = pixel_size_mm.second;
    const Unlocked unlocked;
    return std::make_shared<BoundLayout>(spec);
}

py::bytes packed(const BoundLayout& layout, const py::object& data) {
    const FrameBuffers frame(layout, data.ptr());
    py::bytes copy(nullptr, static_cast<std::size_t>(packed_bytes(layout)));
    auto* const out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(copy.ptr()));
    {
        const Unlocked unlocked;
        pack_frame(layout, frame.pointers(), out);
    }
    return copy;
}

// As packed(), into memory of the caller.
void pack_into(const BoundLayout& layout, const py::object& data, const py::object& out) {
    const FrameBuffers frame(layout, data.ptr());
    HeldBuffer held;
    const std::int64_t bytes = packed_bytes(layout);
    if (!held.hold(out.ptr(), PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) || held.view().len != bytes) {
        throw Error("output-invalid", "the output must be C-contiguous, writable and of " +
                                          std::to_string(bytes) + " bytes");
    }
    auto* const pixels = static_cast<std::uint8_t*>(held.view().buf);
    const Unlocked unlocked;
    pack_frame(layout, frame.pointers(), pixels);
}

}  // namespace

void register_layout(py::module_& m) {
    py::class_<BoundLayout, std::shared_ptr<BoundLayout>>(m, "Layout")
        .def(py::init(&make_layout), py::kw_only(), py::arg("format"), py::arg("width"),
             py::arg("height"), py::arg("strides"), py::arg("separate_planes").noconvert(),
             py::arg("matrix"), py::arg("limited").noconvert(), py::arg("window"),
             py::arg("region"), py::arg("unit"), py::arg("pixel_size_mm"))
        .def("check", [](const BoundLayout& layout,
                         const py::object& data) { const FrameBuffers held(layout, data.ptr()); })
        .def("packed", &packed)
        .def("pack_into", &pack_into)
        .def_property_readonly("packed_bytes",
                               [](const BoundLayout& layout) { return packed_bytes(layout); })
        .def_property_readonly(
            "strides",
            [](const BoundLayout& layout) {
                py::list strides;
                const int planes = layout.spec.format->planes;
                for (int p = 0; p < planes; ++p) {
                    strides.append(layout.planes[static_cast<std::size_t>(p)].stride);
                }
                return py::tuple(strides);
            })
        .def_property_readonly("box", [](const BoundLayout& layout) {
            return py::make_tuple(layout.box_x, layout.box_y, layout.box_width, layout.box_height);
        });
}

}  // namespace sonogaze
