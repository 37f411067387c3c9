#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstring>

#include "buffers.hpp"
#include "sonogaze/answer.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/gate.hpp"
#include "sonogaze/plan.hpp"
#include "sonogaze/read.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

void raise_as_sdk_error(std::exception_ptr thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
        const std::string slug = error.slug();
        const char* type = slug == "preprocessing-invalid" ? "ModelError"
                           : slug == "isa-unavailable"     ? "SdkError"
                                                           : "FrameError";
        const py::object cls = py::module_::import("sdk.errors").attr(type);
        PyErr_SetObject(cls.ptr(), cls(slug, error.what()).ptr());
    }
}

RegionSpec region_spec(const py::object& region) {
    RegionSpec spec;
    if (region.is_none()) return spec;
    const auto numbers = py::cast<py::tuple>(region);
    if (numbers.size() == 4) {
        spec.kind = RegionSpec::Kind::rectangle;
        spec.x = py::cast<std::int64_t>(numbers[0]);
        spec.y = py::cast<std::int64_t>(numbers[1]);
        spec.width = py::cast<std::int64_t>(numbers[2]);
        spec.height = py::cast<std::int64_t>(numbers[3]);
        return spec;
    }
    spec.kind = RegionSpec::Kind::sector;
    double* const fields[] = {
        &spec.cx, &spec.cy, &spec.r_min, &spec.r_max, &spec.angle_min_deg, &spec.angle_max_deg};
    std::size_t i = 0;
    for (double* field : fields) *field = py::cast<double>(numbers[i++]);
    return spec;
}

std::shared_ptr<Layout> make_layout(const std::string& format, std::int64_t width,
                                    std::int64_t height, const std::vector<std::int64_t>& strides,
                                    bool separate_planes, int matrix, bool limited,
                                    std::pair<std::int64_t, std::int64_t> window,
                                    const py::object& region, std::int64_t unit,
                                    std::pair<double, double> pixel_size_mm) {
    FrameSpec spec;
    spec.format = parse_format(format);
    spec.width = width;
    spec.height = height;
    spec.strides = strides;
    spec.separate_planes = separate_planes;
    spec.matrix = static_cast<Matrix>(matrix);
    spec.range = limited ? Range::limited : Range::full;
    spec.window_low = window.first;
    spec.window_high = window.second;
    spec.region = region_spec(region);
    spec.unit = unit;
    spec.pixel_width_mm = pixel_size_mm.first;
    spec.pixel_height_mm = pixel_size_mm.second;
    const py::gil_scoped_release unlocked;
    return std::make_shared<Layout>(spec);
}

// A caller's array of `count` floats, checked. Held while the kernel uses it.
float* held_floats(HeldBuffer& held, PyObject* array, std::int64_t count, bool writable) {
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    const bool fits = held.hold(array, flags) && held.view().format != nullptr &&
                      std::strcmp(held.view().format, "f") == 0 &&
                      held.view().len == count * static_cast<std::int64_t>(sizeof(float));
    if (!fits) {
        throw Error("output-invalid", std::string("the ") + (writable ? "output" : "previous") +
                                          " array must be C-contiguous float32 of " +
                                          std::to_string(count) + " values" +
                                          (writable ? " and writable" : ""));
    }
    return static_cast<float*>(held.view().buf);
}

void run(const Plan& plan, const py::object& data, const py::object& out) {
    const FrameBuffers frame(plan.layout(), data.ptr());
    HeldBuffer held;
    float* const floats = held_floats(held, out.ptr(), plan.outputs(), true);
    const py::gil_scoped_release unlocked;
    plan.run(frame.pointers(), floats);
}

// Arrays of the caller that a measuring run writes and reads.
py::tuple measure(const Plan& plan, const py::object& data, const py::object& out,
                  const py::object& coarse, const py::object& previous) {
    const FrameBuffers frame(plan.layout(), data.ptr());
    HeldBuffer held[3];
    const std::int64_t cells = plan.coarse_columns() * plan.coarse_rows();
    float* const floats = held_floats(held[0], out.ptr(), plan.outputs(), true);
    float* const blocks = held_floats(held[1], coarse.ptr(), cells, true);
    const float* const before =
        previous.is_none() ? nullptr : held_floats(held[2], previous.ptr(), cells, false);
    Statistics s;
    {
        const py::gil_scoped_release unlocked;
        s = plan.measure(frame.pointers(), floats, blocks, before);
    }
    const Range range = plan.layout().spec.range;
    const double code = static_cast<double>(s.levels.sum) / static_cast<double>(s.pixels);
    const double mean = (code - black_code(range)) * 255.0 / code_levels(range);
    return py::make_tuple(s.pixels, mean, s.levels.black, s.levels.saturated, s.colored,
                          s.color_samples, s.difference);
}

std::uint64_t sum_region(const Layout& layout, const py::object& data, bool chroma) {
    const FrameBuffers frame(layout, data.ptr());
    const py::gil_scoped_release unlocked;
    return read_region(layout, frame.pointers(), select_kernels(""), chroma);
}

void memcpy_region(const Layout& layout, const py::object& data, bool chroma) {
    const FrameBuffers frame(layout, data.ptr());
    const py::gil_scoped_release unlocked;
    std::vector<std::uint8_t> scratch(static_cast<std::size_t>(region_row_bytes(layout)));
    copy_region(layout, frame.pointers(), chroma, scratch.data());
}

// The gate of one student: a tensor's size and thresholds in its values.
struct Gate {
    std::int64_t width, height;
    GateLimits limits;

    // The number of a Fault. inner: cells (x, y, width, height) that are not padding.
    int judge(const py::object& tensor, const std::array<std::int64_t, 4>& inner) const {
        const auto [x, y, columns, rows] = inner;
        const bool inside = x >= 0 && y >= 0 && columns >= 0 && rows >= 0 && x <= width &&
                            y <= height && columns <= width - x && rows <= height - y;
        if (!inside) throw py::value_error("inner does not lie inside the tensor");
        HeldBuffer held;
        const float* const cells = held_floats(held, tensor.ptr(), width * height, false);
        return static_cast<int>(sonogaze::judge(cells, width, {x, y, columns, rows}, limits));
    }
};

// Holds all of an array's floats, whatever its shape, and returns their number. Throws Error.
std::int64_t held_all_floats(HeldBuffer& held, PyObject* array) {
    const bool fits = held.hold(array, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) &&
                      held.view().format != nullptr && std::strcmp(held.view().format, "f") == 0 &&
                      held.view().len > 0;
    if (!fits) throw Error("output-invalid", "the array must be C-contiguous float32, not empty");
    return held.view().len / static_cast<std::int64_t>(sizeof(float));
}

bool finite(const py::object& array) {
    HeldBuffer held;
    const std::int64_t count = held_all_floats(held, array.ptr());
    return all_finite(static_cast<const float*>(held.view().buf), count);
}

// None where a logit is not finite.
py::object probabilities(const py::object& array, double scale) {
    HeldBuffer held;
    const std::int64_t count = held_all_floats(held, array.ptr());
    const auto* const logits = static_cast<const float*>(held.view().buf);
    if (!all_finite(logits, count)) return py::none();
    std::vector<double> shares(static_cast<std::size_t>(count));
    softmax(logits, count, scale, shares.data());
    py::tuple found(shares.size());
    for (std::size_t i = 0; i < shares.size(); ++i) found[i] = shares[i];
    return found;
}

void bind_gate(py::module_& m) {
    py::class_<Gate>(m, "Gate")
        .def(py::init([](std::int64_t width, std::int64_t height, float black, float saturated,
                         float repeat, double min_lit_share, double max_saturated_share,
                         double max_repeated_share, double min_variance, double min_correlation,
                         double pattern_correlation) {
                 const GateLimits limits{black,         saturated,           repeat,
                                         min_lit_share, max_saturated_share, max_repeated_share,
                                         min_variance,  min_correlation,     pattern_correlation};
                 return Gate{width, height, limits};
             }),
             py::kw_only(), py::arg("width"), py::arg("height"), py::arg("black"),
             py::arg("saturated"), py::arg("repeat"), py::arg("min_lit_share"),
             py::arg("max_saturated_share"), py::arg("max_repeated_share"), py::arg("min_variance"),
             py::arg("min_correlation"), py::arg("pattern_correlation"))
        .def("judge", &Gate::judge);
    m.def("all_finite", &finite);
    m.def("softmax", &probabilities);
}

void bind_reading(py::module_& m) {
    m.def("sum_region", &sum_region);
    m.def("memcpy_region", &memcpy_region);
    m.def("region_bytes", &region_bytes);
}

void bind_layout(py::module_& m) {
    py::class_<Layout, std::shared_ptr<Layout>>(m, "Layout")
        .def(py::init(&make_layout), py::kw_only(), py::arg("format"), py::arg("width"),
             py::arg("height"), py::arg("strides"), py::arg("separate_planes"), py::arg("matrix"),
             py::arg("limited"), py::arg("window"), py::arg("region"), py::arg("unit"),
             py::arg("pixel_size_mm"))
        .def("check", [](const Layout& layout,
                         const py::object& data) { const FrameBuffers held(layout, data.ptr()); })
        .def_property_readonly(
            "strides",
            [](const Layout& layout) {
                py::list strides;
                const int planes = traits(layout.spec.format).planes;
                for (int p = 0; p < planes; ++p) {
                    strides.append(layout.planes[static_cast<std::size_t>(p)].stride);
                }
                return py::tuple(strides);
            })
        .def_property_readonly("box", [](const Layout& layout) {
            return py::make_tuple(layout.box_x, layout.box_y, layout.box_width, layout.box_height);
        });
}

void bind_plan(py::module_& m) {
    py::class_<Plan>(m, "Plan")
        .def(py::init([](std::shared_ptr<Layout> layout, std::int64_t width, std::int64_t height,
                         bool letterbox, double mean, double std, std::int64_t pad_level,
                         const std::string& isa) {
                 const TargetSpec target{width, height, letterbox, mean, std, pad_level};
                 return std::make_unique<Plan>(std::move(layout), target, isa);
             }),
             py::kw_only(), py::arg("layout"), py::arg("width"), py::arg("height"),
             py::arg("letterbox"), py::arg("mean"), py::arg("std"), py::arg("pad_level"),
             py::arg("isa"))
        .def("run", &run)
        .def("measure", &measure)
        .def_property_readonly("isa", &Plan::isa)
        .def_property_readonly("coarse_shape",
                               [](const Plan& plan) {
                                   return py::make_tuple(plan.coarse_rows(), plan.coarse_columns());
                               })
        .def_property_readonly("inner", [](const Plan& plan) {
            const Inner& inner = plan.inner();
            return py::make_tuple(inner.x, inner.y, inner.width, inner.height);
        });
}

}  // namespace
}  // namespace sonogaze

PYBIND11_MODULE(_kernels, m) {
    m.doc() = "Pixel formats to normalised tensors in one pass. Use it through sdk.Preprocessing.";
    py::register_exception_translator(&sonogaze::raise_as_sdk_error);
    sonogaze::bind_layout(m);
    sonogaze::bind_plan(m);
    sonogaze::bind_gate(m);
    sonogaze::bind_reading(m);
    m.def("available_isas", &sonogaze::available_isas);
}
