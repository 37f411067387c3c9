#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bindings/buffers.hpp"
#include "bindings/gate.hpp"

namespace sonogaze {

// What is made of a student's outputs: one for all its requests, never changed.
struct Reading {
    double scale, slack;
    std::vector<double> thresholds;
    std::optional<double> novelty_above;  // none for a student that can't tell
    pybind11::tuple labels;
    // decision and reasons as they stand in a Result, by their bits of doubt below
    pybind11::tuple outcomes;
    float per_level;          // tensor values of one grey level
    pybind11::object timing;  // a named tuple of five numbers
};

// Bits of the index of an outcome: 0 is accepted.
constexpr std::size_t kUnsure = 1, kScreen = 2, kUnlike = 4, kOutcomes = 8;

// The arrays of one inference, held for good, and the compiled work on both sides of the runtime's:
// `prepare` makes the input of a frame, `answer` reads the outputs. For one thread at a time.
class Request : public NoBareMemory {
  public:
    // attention and novelty may be None. Throws Error where an array is no float32 array of the
    // right size.
    Request(std::shared_ptr<const Gate> gate, Reading reading, const pybind11::object& tensor,
            const pybind11::object& logits, const pybind11::object& attention,
            const pybind11::object& novelty);

    // The number of a Fault.
    int prepare(const BoundPlan& plan, const pybind11::object& data);
    // Does as `prepare` for a tensor that is made already, by that plan.
    int check(const BoundPlan& plan);
    // An output that the runtime fails to write must not look like the last frame's.
    void blank() noexcept;
    // The first seven values of a Result; None where an output is invalid. whole: nobody named a
    // region, so the frame may be a scanner's screen.
    pybind11::object answer(std::int64_t start_ns, bool whole) const;
    // The times of a frame that was not inferred.
    pybind11::object spent(std::int64_t start_ns) const;

  private:
    // Throws std::exception where the plan fills a tensor of another size.
    void expect(const BoundPlan& plan) const;
    int judged(const Inner& inner) noexcept;
    bool valid() const noexcept;
    std::size_t doubts(std::size_t best, double share, bool whole) const noexcept;
    void hold_map(const pybind11::object& attention);
    pybind11::object probabilities(const std::vector<double>& shares) const;
    pybind11::object attention_map() const;
    pybind11::object timing(std::int64_t start_ns, std::int64_t inferred_ns,
                            std::int64_t done_ns) const;

    std::shared_ptr<const Gate> gate_;
    Reading reading_;
    HeldBuffer held_[4];
    float *tensor_, *logits_, *attention_ = nullptr, *novelty_ = nullptr;
    std::int64_t labels_, cells_ = 0;
    pybind11::tuple map_shape_;
    pybind11::object array_, float32_;  // numpy's
    Inner inner_{};                     // of the plan that filled the tensor
    std::int64_t prepared_ns_ = 0, checked_ns_ = 0;
};

// Nanoseconds of the clock that `Request` reads.
std::int64_t now_ns() noexcept;

}  // namespace sonogaze
