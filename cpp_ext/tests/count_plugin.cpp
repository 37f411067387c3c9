// A plugin of QEMU's user-mode emulation that counts the instructions of an emulated program:
// `qemu-aarch64 -plugin count_plugin.so PROGRAM`. Valgrind does not run programs of another CPU.
// The few functions it needs are declared here, as Debian ships no header of them.
#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" {

struct qemu_plugin_tb;  // a block of instructions without a branch among them
using BlockSeen = void (*)(std::uint64_t id, qemu_plugin_tb* block);
using BlockRun = void (*)(unsigned cpu, void* data);
using AtExit = void (*)(std::uint64_t id, void* data);

void qemu_plugin_register_vcpu_tb_trans_cb(std::uint64_t id, BlockSeen call);
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb* block, BlockRun call, int flags,
                                          void* data);
void qemu_plugin_register_atexit_cb(std::uint64_t id, AtExit call, void* data);
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);

[[gnu::visibility("default")]] int qemu_plugin_version = 1;
}

namespace {

std::uint64_t instructions = 0;

void count(unsigned, void* block_size) {
    instructions += reinterpret_cast<std::uintptr_t>(block_size);
}

void watch(std::uint64_t, qemu_plugin_tb* block) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the number travels in place of a pointer
    auto* const size = reinterpret_cast<void*>(qemu_plugin_tb_n_insns(block));
    qemu_plugin_register_vcpu_tb_exec_cb(block, &count, 0, size);
}

void report(std::uint64_t, void*) {
    (void)std::fprintf(stderr, "refs: %llu\n", static_cast<unsigned long long>(instructions));
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int qemu_plugin_install(std::uint64_t id, const void*,
                                                                  int, char**) {
    qemu_plugin_register_vcpu_tb_trans_cb(id, &watch);
    qemu_plugin_register_atexit_cb(id, &report, nullptr);
    return 0;
}
