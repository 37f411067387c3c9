#include "sonogaze/region.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>

#include "bindings/bindings.hpp"
#include "bindings/gil.hpp"
#include "sonogaze/screen.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

// shape: (frames, rows, columns). Gives (is a sector, numbers, clip or None, confidence) of each
// region.
py::tuple find(const py::object& cells, const std::array<std::int64_t, 3>& shape) {
    GridFrames grid{nullptr, shape[0], shape[2], shape[1]};
    check_grid(grid);
    HeldBuffer held;
    grid.cells = held_floats(held, cells.ptr(), grid.frames * grid.width * grid.height, false);
    std::vector<FoundRegion> found;
    {
        const Unlocked unlocked;
        found = find_regions(grid);
    }
    py::tuple regions(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        py::tuple numbers(found[i].sector ? 6 : 4);
        for (std::size_t n = 0; n < numbers.size(); ++n) numbers[n] = found[i].numbers[n];
        py::object clip = py::none();
        if (found[i].clipped) {
            const auto& c = found[i].clip;
            clip = py::make_tuple(c[0], c[1], c[2], c[3]);
        }
        regions[i] = py::make_tuple(found[i].sector, numbers, clip, found[i].confidence);
    }
    return regions;
}

// size: (width, height) of the tensor; inner: its cells (x, y, width, height) that are no padding.
bool is_screen(const py::object& tensor, const std::array<std::int64_t, 2>& size,
               const std::array<std::int64_t, 4>& inner, float per_level) {
    const auto [x, y, columns, rows] = inner;
    const auto [width, height] = size;
    const bool inside = width >= 1 && height >= 1 && width <= kMaxTarget && height <= kMaxTarget &&
                        x >= 0 && y >= 0 && columns >= 0 && rows >= 0 && columns <= width - x &&
                        rows <= height - y;
    if (!inside) throw py::value_error("inner does not lie inside the tensor");
    HeldBuffer held;
    const float* const cells = held_floats(held, tensor.ptr(), width * height, false);
    return looks_like_screen(cells, width, {x, y, columns, rows}, per_level);
}

}  // namespace

void register_region(py::module_& m) {
    m.def("find_regions", &find);
    m.def("looks_like_screen", &is_screen);
}

}  // namespace sonogaze
