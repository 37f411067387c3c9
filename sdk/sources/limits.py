"""What decoding one frame may cost, enforced on the decoding process by the kernel (Linux).

Memory is counted as address space. The limits that end a process (CPU, writing to a file) are
those that reach into a codec written in C; an allocation that is refused may end it as well.
"""

from __future__ import annotations

import resource
import signal

CPU_S = 3.0
"""CPU time for one frame, and for a file's header."""
MEMORY_BYTES = 512 * 1024 * 1024
"""Memory beyond what the process had, and beyond what the frame's pixels allow."""
BYTES_PER_PIXEL = 24
"""Memory that each pixel of the declared frame allows beside: eight times an RGB frame."""
WALL_S = 60.0
"""Time for one frame on a machine that does other work as well; the host looks to that."""
RECYCLE_BYTES = 384 * 1024 * 1024
"""A decoding process that has grown to this size is not used for another file."""
OPEN_FILES = 32
"""Files that a decoding process may have open."""

_PAGE_BYTES = resource.getpagesize()


def restrict() -> None:
    """Set what holds for the whole life of the decoding process."""
    for limit, most in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(limit, (most, most))
    # a host may have these ignored or blocked, and a child inherits that
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGPROF, signal.SIGIO, signal.SIGXFSZ, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def size_bytes() -> int:
    """Return the address space in use."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * _PAGE_BYTES


def begin() -> None:
    """Allow the memory and the CPU time of one frame whose size isn't known yet."""
    _allow(size_bytes() + MEMORY_BYTES)
    # not RLIMIT_CPU, which counts in seconds over the whole life of a process
    signal.setitimer(signal.ITIMER_PROF, CPU_S)


def allow_pixels(pixels: int) -> None:
    """Allow what the pixels of the declared frame need beside."""
    _allow(size_bytes() + MEMORY_BYTES + pixels * BYTES_PER_PIXEL)


def end() -> None:
    """Lift both limits: what follows is this package's own."""
    signal.setitimer(signal.ITIMER_PROF, 0)
    _allow(resource.RLIM_INFINITY)


def _allow(most: int) -> None:
    # whoever started the host may have set a hard limit, which a soft one can't exceed
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if resource.RLIM_INFINITY not in (most, hard):
        most = min(most, hard)
    elif most == resource.RLIM_INFINITY:
        most = hard
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
