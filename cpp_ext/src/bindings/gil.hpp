#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

namespace sonogaze {

// A daemon thread that asks for the GIL while the interpreter ends is ended by CPython up to 3.13
// with pthread_exit, which unwinds the stack. Here that would run destructors that need the GIL,
// and a destructor or a pybind11 frame on the way would call std::terminate: the whole process
// aborts. From 3.14 on CPython lets such a thread wait for the end instead; so does this.
template <class Call>
auto never_unwound(Call&& call) {
#if PY_VERSION_HEX < 0x030E0000 && defined(__GLIBCXX__)
    try {
        return call();
    } catch (abi::__forced_unwind&) {
        for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
#else
    return call();
#endif
}

// Lets other Python threads run for as long as it lives. Unlike pybind11's gil_scoped_release, it
// may end in a daemon thread while the interpreter ends.
class Unlocked {
  public:
    Unlocked() : state_(PyEval_SaveThread()) {}
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;
    ~Unlocked() {
        never_unwound([this] { PyEval_RestoreThread(state_); });
    }

  private:
    PyThreadState* state_;
};

}  // namespace sonogaze
