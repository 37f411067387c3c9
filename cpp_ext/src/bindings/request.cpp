#include "bindings/request.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "bindings/gil.hpp"
#include "sonogaze/answer.hpp"
#include "sonogaze/screen.hpp"

namespace py = pybind11;

namespace sonogaze {
namespace {

constexpr double kUsPerNs = 1e-3;

py::object owned(PyObject* made) {
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

void check_reading(const Reading& reading) {
    const auto labels = py::len(reading.labels);
    if (labels != reading.thresholds.size() || labels == 0) {
        throw py::value_error("there must be labels, and a threshold for each");
    }
    if (!(std::isfinite(reading.scale) && reading.scale > 0)) {
        throw py::value_error("scale must be a finite number above 0");
    }
    if (!(std::isfinite(reading.per_level) && reading.per_level > 0)) {
        throw py::value_error("per_level must be a finite number above 0");
    }
    if (const auto& above = reading.novelty_above;
        above && !(std::isfinite(*above) && *above > 0)) {
        throw py::value_error("novelty_above must be a finite number above 0");
    }
    if (py::len(reading.outcomes) != kOutcomes) throw py::value_error("there must be 8 outcomes");
    for (const py::handle outcome : reading.outcomes) {
        if (!py::isinstance<py::tuple>(outcome) || py::len(outcome) != 2) {
            throw py::value_error("an outcome must be a decision and its reasons");
        }
    }
    const bool named_tuple =
        PyType_Check(reading.timing.ptr()) != 0 &&
        PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(reading.timing.ptr()), &PyTuple_Type) != 0;
    if (!named_tuple) throw py::value_error("timing must be a kind of tuple");
}

py::object number(double value) { return owned(PyFloat_FromDouble(value)); }

}  // namespace

std::int64_t now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Request::Request(std::shared_ptr<const Gate> gate, Reading reading, const py::object& tensor,
                 const py::object& logits, const py::object& attention, const py::object& novelty)
    : gate_(std::move(gate)),
      reading_(std::move(reading)),
      labels_(static_cast<std::int64_t>(reading_.thresholds.size())) {
    check_reading(reading_);
    tensor_ = held_floats(held_[0], tensor.ptr(), gate_->width * gate_->height, true);
    logits_ = held_floats(held_[1], logits.ptr(), labels_, true);
    if (!attention.is_none()) hold_map(attention);
    if (novelty.is_none() == reading_.novelty_above.has_value()) {
        throw py::value_error("novelty and novelty_above must come together");
    }
    if (!novelty.is_none()) novelty_ = held_floats(held_[3], novelty.ptr(), 1, true);
    blank();
}

void Request::hold_map(const py::object& attention) {
    HeldBuffer any;
    cells_ = held_all_floats(any, attention.ptr());
    attention_ = held_floats(held_[2], attention.ptr(), cells_, true);
    map_shape_ = attention.attr("shape");
    float32_ = attention.attr("dtype");
    array_ = py::type::of(attention);
}

int Request::prepare(const BoundPlan& plan, const py::object& data) {
    expect(plan);
    const FrameBuffers frame(plan.layout(), data.ptr());
    const Unlocked unlocked;
    plan.run(frame.pointers(), tensor_);
    return judged(plan.inner());
}

int Request::check(const BoundPlan& plan) {
    expect(plan);
    return judged(plan.inner());
}

void Request::expect(const BoundPlan& plan) const {
    if (plan.target().width != gate_->width || plan.target().height != gate_->height) {
        throw py::value_error("the plan fills a tensor of another size");
    }
}

int Request::judged(const Inner& inner) noexcept {
    prepared_ns_ = now_ns();
    inner_ = inner;
    blank();
    const Fault fault = judge(tensor_, gate_->width, inner, gate_->limits);
    checked_ns_ = now_ns();
    return static_cast<int>(fault);
}

void Request::blank() noexcept {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    std::fill_n(logits_, labels_, kNan);
    if (attention_ != nullptr) std::fill_n(attention_, cells_, kNan);
    if (novelty_ != nullptr) *novelty_ = kNan;
}

bool Request::valid() const noexcept {
    return all_finite(logits_, labels_) &&
           (attention_ == nullptr || is_distribution(attention_, cells_, reading_.slack)) &&
           (novelty_ == nullptr || all_finite(novelty_, 1));
}

std::size_t Request::doubts(std::size_t best, double share, bool whole) const noexcept {
    const bool screen =
        whole && looks_like_screen(tensor_, gate_->width, inner_, reading_.per_level);
    const bool unlike =
        novelty_ != nullptr && static_cast<double>(*novelty_) > *reading_.novelty_above;
    return (share >= reading_.thresholds[best] ? 0 : kUnsure) | (screen ? kScreen : 0) |
           (unlike ? kUnlike : 0);
}

py::object Request::answer(std::int64_t start_ns, bool whole) const {
    const std::int64_t inferred_ns = now_ns();
    if (!valid()) return py::none();
    std::vector<double> shares(static_cast<std::size_t>(labels_));
    softmax(logits_, labels_, reading_.scale, shares.data());
    const auto best = static_cast<std::size_t>(
        std::distance(shares.begin(), std::max_element(shares.begin(), shares.end())));
    const std::size_t doubted = doubts(best, shares[best], whole);
    // an allocation may run the garbage collector, and so anybody's code
    return never_unwound([&]() -> py::object {
        const py::tuple told = reading_.outcomes[doubted];
        py::object label =
            doubted == 0 ? py::object(reading_.labels[best]) : py::object(py::none());
        const py::object shown = probabilities(shares), map = attention_map();
        return py::make_tuple(told[0], std::move(label), number(shares[best]), shown, told[1], map,
                              timing(start_ns, inferred_ns, now_ns()));
    });
}

py::object Request::spent(std::int64_t start_ns) const {
    return never_unwound([&] { return timing(start_ns, checked_ns_, checked_ns_); });
}

py::object Request::probabilities(const std::vector<double>& shares) const {
    const py::dict by_label;
    for (std::size_t i = 0; i < shares.size(); ++i) by_label[reading_.labels[i]] = shares[i];
    return owned(PyDictProxy_New(by_label.ptr()));
}

// Over bytes of its own, so that nobody can make it writable.
py::object Request::attention_map() const {
    if (attention_ == nullptr) return py::none();
    const auto size = static_cast<Py_ssize_t>(cells_) * static_cast<Py_ssize_t>(sizeof(float));
    const py::object copy =
        owned(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(attention_), size));
    PyObject* const arguments[] = {map_shape_.ptr(), float32_.ptr(), copy.ptr()};
    return owned(PyObject_Vectorcall(array_.ptr(), arguments, 3, nullptr));
}

py::object Request::timing(std::int64_t start_ns, std::int64_t inferred_ns,
                           std::int64_t done_ns) const {
    const auto us = [](std::int64_t from, std::int64_t to) {
        return number(static_cast<double>(to - from) * kUsPerNs);
    };
    const py::tuple times = py::make_tuple(
        us(start_ns, prepared_ns_), us(prepared_ns_, checked_ns_), us(checked_ns_, inferred_ns),
        us(inferred_ns, done_ns), us(start_ns, done_ns));
    const py::tuple arguments = py::make_tuple(times);
    auto* const type = reinterpret_cast<PyTypeObject*>(reading_.timing.ptr());
    return owned(PyTuple_Type.tp_new(type, arguments.ptr(), nullptr));
}

// An object of a frozen dataclass with slots, whose own __init__ costs a third of a call where the
// caches are cold.
py::object filled(const py::object& kind, const py::tuple& names, const py::tuple& values) {
    if (py::len(names) != py::len(values)) throw py::value_error("a value is needed for each name");
    static const auto* const create =
        new py::object(py::module_::import("builtins").attr("object").attr("__new__"));
    PyObject* const arguments[] = {kind.ptr()};
    const py::object made = owned(PyObject_Vectorcall(create->ptr(), arguments, 1, nullptr));
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (PyObject_GenericSetAttr(made.ptr(), py::object(names[i]).ptr(),
                                    py::object(values[i]).ptr()) != 0) {
            throw py::error_already_set();
        }
    }
    return made;
}

void register_request(py::module_& m) {
    m.def("now_ns", &now_ns);
    m.def("filled", &filled);
    py::class_<Request, std::shared_ptr<Request>>(m, "Request")
        .def(py::init([](std::shared_ptr<Gate> gate, const py::object& tensor,
                         const py::object& logits, const py::object& attention,
                         const py::object& novelty, double scale, double slack,
                         std::vector<double> thresholds, std::optional<double> novelty_above,
                         py::tuple labels, py::tuple outcomes, float per_level, py::object timing) {
                 Reading reading{scale,
                                 slack,
                                 std::move(thresholds),
                                 novelty_above,
                                 std::move(labels),
                                 std::move(outcomes),
                                 per_level,
                                 std::move(timing)};
                 return std::make_shared<Request>(std::move(gate), std::move(reading), tensor,
                                                  logits, attention, novelty);
             }),
             py::kw_only(), py::arg("gate").none(false), py::arg("tensor"), py::arg("logits"),
             py::arg("attention"), py::arg("novelty"), py::arg("scale"), py::arg("slack"),
             py::arg("thresholds"), py::arg("novelty_above"), py::arg("labels"),
             py::arg("outcomes"), py::arg("per_level"), py::arg("timing"))
        .def("prepare", [](Request& request, const BoundPlan& plan,
                           const py::object& data) { return request.prepare(plan, data); })
        .def("check", [](Request& request, const BoundPlan& plan) { return request.check(plan); })
        .def("blank", [](Request& request) { request.blank(); })
        .def("answer", [](const Request& request, std::int64_t start_ns,
                          bool whole) { return request.answer(start_ns, whole); })
        .def("spent",
             [](const Request& request, std::int64_t start_ns) { return request.spent(start_ns); });
}

}  // namespace sonogaze
