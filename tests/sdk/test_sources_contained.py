"""Whatever a decoder does to its process: a typed error, and the next file is read."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdk import SourceError, sources
from sdk.sources import child, host, limits, pool
from tests.sdk.hostile_codec import DEEDS, hostile_pillow

H, W = 24, 32
ENDED = {"source-decoder-crashed", "source-too-costly"}
EXPECTED = {
    "abort": ENDED, "segfault": ENDED, "exit": {"source-decoder-crashed"},
    "exit at the end": {"source-decoder-crashed"}, "panic": {"source-decoder-crashed"},
    "interrupt": {"source-decoder-crashed"}, "recursion": {"source-malformed"},
    "memory error": {"source-too-costly"}, "allocates": {"source-too-costly"},
    "allocates in C": {"source-too-costly"},
    "spins in C": {"source-too-costly"}, "hangs": {"source-too-costly"},
    "hangs in C": {"source-too-costly"}, "killed": {"source-too-costly"},
    "writes a file": {"source-decoder-crashed"}, "opens files": {"source-malformed"},
    "keeps a file in a circle": {"source-malformed"},
    "os error": {"source-malformed"}, "prints": {"source-malformed"},
}  # fmt: skip
# What the error says of what happened, beyond its slug.
SAYS = {
    "panic": "explicit panic in a codec", "spins in C": "CPU time", "hangs": "did not answer",
    "hangs in C": "did not answer", "killed": "killed from outside", "writes a file": "SIGXFSZ",
    "memory error": "512 MiB", "allocates": "512 MiB", "abort": "SIGABRT", "segfault": "SIGSEGV",
    "prints": "noisy",
}  # fmt: skip


@pytest.fixture
def png(tmp_path: Path) -> Path:
    Image.fromarray(np.full((H, W), 77, np.uint8)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.fixture
def pgm(tmp_path: Path) -> Path:
    """Needs no Pillow, so that it is read beside a hostile one."""
    (tmp_path / "b.pgm").write_bytes(b"P5 32 24 255\n" + bytes([9]) * (H * W))
    return tmp_path / "b.pgm"


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    (tmp_path / "cine.pgm").write_bytes((b"P5 32 24 255\n" + bytes([9]) * (H * W)) * 5)
    return tmp_path / "cine.pgm"


def children() -> set[int]:
    own = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    found: set[int] = set()
    for task in own.parents[1].iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds: float = 20) -> bool:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("deed", DEEDS)
def test_a_hostile_decoder_costs_an_error_and_the_next_file_is_read(
    deed: str, png: Path, pgm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if deed.startswith("hangs"):
        monkeypatch.setattr(limits, "WALL_S", 1.0)
    with hostile_pillow(tmp_path, DEEDS[deed], monkeypatch):
        with pytest.raises(SourceError) as caught:
            list(sources.open(png))
        assert caught.value.slug in EXPECTED[deed], str(caught.value)
        assert SAYS.get(deed, "") in str(caught.value)
        assert "a.png" in str(caught.value)
        assert str(caught.value).isprintable()
        assert len(list(sources.open(pgm))) == 1
    assert len(list(sources.open(png))) == 1


def test_what_a_decoder_left_open_never_closes_the_next_file(
    png: Path, cine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object in a circle closes its descriptor when the collector comes, whoever has it then."""
    with hostile_pillow(tmp_path, DEEDS["keeps a file in a circle"], monkeypatch):
        list(sources.open(cine))
        for _ in range(20):
            frames = sources.open(cine)
            next(frames)
            with pytest.raises(SourceError):
                list(sources.open(png))
            assert len(list(frames)) == 4
            assert len(list(sources.open(cine))) == 5


COLLECTED_LATER = """
import gc, os, sys
from sdk.sources import limits, worker
gc.disable()
os.dup2(0, 3)
class Holder: pass
holder = Holder()
holder.file, holder.me = open(sys.argv[1], "rb"), holder
number, lost = holder.file.fileno(), os.open(sys.argv[1], os.O_RDONLY)
del holder
worker._close_leaks()
assert worker._descriptors() == {0, 1, 2, 3}, worker._descriptors()
kept = []
while (following := open(sys.argv[1], "rb", 0)).fileno() != number:
    kept.append(following)
gc.collect()
assert following.read(2) == b"P5"
"""


def test_no_object_closes_a_descriptor_that_was_given_to_the_next_file(pgm: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTED_LATER, pgm], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_was_ended_early_leaves_an_empty_file_at_most(tmp_path: Path) -> None:
    code = (
        "from sdk.sources import limits; limits.restrict()\n"
        f"open({str(tmp_path / 'x')!r}, 'wb', 0).write(b'data')"
    )
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXFSZ
    assert (tmp_path / "x").stat().st_size == 0


def test_a_decoding_process_is_used_again(pgm: Path) -> None:
    list(sources.open(pgm))
    before = children()
    for _ in range(5):
        list(sources.open(pgm))
    assert children() == before


def test_a_decoding_process_that_waits_has_let_go_of_its_file(cine: Path) -> None:
    frames = sources.open(cine)
    next(frames)
    frames.close()
    assert children()

    def held() -> set[str]:
        folders = [Path(f"/proc/{pid}/fd") for pid in children()]
        return {os.readlink(link) for folder in folders for link in folder.iterdir()}

    assert wait_until(lambda: str(cine.resolve()) not in held(), 5)


def test_an_iterator_left_early_frees_its_process(cine: Path) -> None:
    list(sources.open(cine))
    before = children()
    for _ in range(20):
        frames = sources.open(cine)
        next(frames)
        del frames
        gc.collect()
    assert children() == before
    assert len(list(sources.open(cine))) == 5


def test_iterators_can_be_interleaved(cine: Path, pgm: Path) -> None:
    many = [sources.open(path) for path in (cine, pgm, cine, cine)]
    counts = [0] * len(many)
    for _ in range(6):
        for at, frames in enumerate(many):
            counts[at] += next(frames, None) is not None
    assert counts == [5, 1, 5, 5]
    assert len(children()) <= len(many) + pool._IDLE


def test_threads_read_at_once(cine: Path) -> None:
    counts: list[int] = []

    def read() -> None:
        for _ in range(10):
            counts.append(len(list(sources.open(cine))))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [5] * 40
    assert len(pool._idle) <= 4


def test_what_a_signal_handler_raises_passes_through_and_leaves_no_process(
    png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Alarm(Exception):
        pass

    def handler(number: int, frame: object) -> None:
        raise Alarm

    with hostile_pillow(tmp_path, DEEDS["hangs"], monkeypatch):
        previous = signal.signal(signal.SIGALRM, handler)
        before = children()
        try:
            signal.setitimer(signal.ITIMER_REAL, 1.5)
            with pytest.raises(Alarm):
                list(sources.open(png))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert children() <= before


HOST = """
import sys, os, time
from sdk import sources
frames = sources.open({path!r})
print("started", flush=True)
next(frames)
from sdk.sources import host
print(*[w._process.pid for w in host.live], flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("busy", [False, True], ids=["waiting", "inside a codec"])
def test_a_killed_host_leaves_no_decoding_process(
    busy: bool, cine: Path, png: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = dict(os.environ)
    path = cine
    if busy:
        with hostile_pillow(tmp_path, DEEDS["hangs in C"], monkeypatch):
            environment["PYTHONPATH"] = str(tmp_path / "hostile")
        path = png
    host = subprocess.Popen(
        [sys.executable, "-c", HOST.format(path=str(path))],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert host.stdout is not None
    assert host.stdout.readline() == "started\n"
    listing = Path(f"/proc/{host.pid}/task/{host.pid}/children")
    assert wait_until(lambda: listing.read_text().strip() != "")
    pids = [int(pid) for pid in listing.read_text().split()]
    if busy:
        time.sleep(1.0)
    else:
        assert select.select([host.stdout], [], [], 60)[0]
    host.kill()
    host.wait()
    host.stdout.close()
    assert wait_until(lambda: not any(is_running(pid) for pid in pids))


def test_a_forked_child_reads_with_processes_of_its_own(cine: Path) -> None:
    frames = sources.open(cine)
    next(frames)
    workers = list(host.live)
    child = os.fork()
    if child == 0:
        try:
            # a copy of the parent's end would keep its processes alive
            right = all(worker._socket.fileno() == -1 for worker in workers)
            right = right and len(list(sources.open(cine))) == 5
            try:
                next(frames)
                right = False
            except SourceError as error:
                right = right and "before a fork" in str(error)
            del frames
            gc.collect()
            pool.end_idle()
        finally:
            os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert len(list(frames)) == 4


EXITS = {
    "iterator left open": "frames = sources.open(path); next(frames)",
    "daemon thread reading": (
        "import threading, time\n"
        "def read():\n"
        "    while True: list(sources.open(path))\n"
        "threading.Thread(target=read, daemon=True).start(); time.sleep(1)"
    ),
    "sigchld ignored": (
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "assert len(list(sources.open(path))) == 5"
    ),
    "sigpipe at its default": (
        "import sdk, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "frames = sources.open(path); next(frames)\n"
        "from sdk.sources import host\n"
        "[w._process.kill() for w in host.live]\n"
        "try: list(frames); assert False\n"
        "except sdk.SourceError as error: assert 'decoder' in str(error)\n"
        "assert len(list(sources.open(path))) == 5"
    ),
    "signals blocked and ignored": (
        "import signal\n"
        "for number in (signal.SIGPROF, signal.SIGIO): signal.signal(number, signal.SIG_IGN)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPROF, signal.SIGIO])\n"
        "assert len(list(sources.open(path))) == 5"
    ),
    "spawned child": (
        "import multiprocessing\n"
        "with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "    assert pool.apply(len, ([1],)) == 1\n"
        "assert len(list(sources.open(path))) == 5"
    ),
    "never asked": "frames = sources.open(path)",
}  # fmt: skip


@pytest.mark.parametrize("what", EXITS)
def test_the_interpreter_ends_cleanly(what: str, cine: Path) -> None:
    body = "\n".join(f"    {line}" for line in EXITS[what].splitlines())
    code = f"from sdk import sources\npath = {str(cine)!r}\nif __name__ == '__main__':\n{body}\n"
    script = cine.with_suffix(".py")
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("program", "said"),
    [("", "is no Python interpreter"), ("/usr/sbin/uwsgi", "is no Python interpreter"),
     ("/nowhere/python3", "cannot be started"), (None, "ended at once")],
    ids=["none", "an embedding program", "missing", "without the package"],
)  # fmt: skip
def test_a_host_that_is_no_interpreter_is_told_what_to_do(
    program: str | None, said: str, pgm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.end_idle()
    if program is None:
        fake = tmp_path / "python3"
        fake.write_text("#!/bin/sh\necho no module named numpy >&2; exit 1\n")
        fake.chmod(0o755)
        program = str(fake)
    monkeypatch.setattr(sys, "executable", program)
    monkeypatch.delenv(child.PYTHON_VARIABLE, raising=False)
    with pytest.raises(SourceError, match=said) as caught:
        list(sources.open(pgm))
    assert caught.value.slug == "source-decoder-unavailable"
    assert child.PYTHON_VARIABLE in str(caught.value)


def test_an_embedding_host_can_name_an_interpreter(
    pgm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.end_idle()
    monkeypatch.setenv(child.PYTHON_VARIABLE, sys.executable)
    monkeypatch.setattr(sys, "executable", "/usr/sbin/uwsgi")
    assert len(list(sources.open(pgm))) == 1


def test_the_decoding_process_loads_no_inference_runtime(pgm: Path) -> None:
    list(sources.open(pgm))
    for worker in host.live:
        maps = Path(f"/proc/{worker._process.pid}/maps").read_text()
        assert "onnxruntime" not in maps
        assert "_kernels" in maps
