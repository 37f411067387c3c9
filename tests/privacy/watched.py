"""What a process and its children write, and whom they call: read from strace's log."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_CALLS = (
    "connect,bind,sendto,sendmsg,sendmmsg,socket,open,openat,openat2,creat,mkdir,mkdirat,rename,"
    "renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate,mknod,mknodat"
)
# of the kernel: nothing stays in them
DEVICES = re.compile(r"/dev/(null|zero|full|tty|u?random|pts/\d+|ptmx)|/proc/(self|\d+)/.*")
# semaphores of multiprocessing, which unlinks them at once
SEMAPHORES = re.compile(r"/dev/shm/(sem\.|psm_|torch_)?[\w.-]+")
_LOOPBACK = re.compile(r'inet_addr\("127\.|"::1"')
_DNS = re.compile(r"sin6?_port=htons\(53\)")
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
_READING = ("open", "openat", "openat2")
_LINE = re.compile(r"^\d+ +(\w+)\((.*)")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


@dataclass
class Seen:
    """What one command did.

    Attributes:
        calls: lines of system calls towards a network that isn't loopback, or towards a resolver.
        written: paths that were created, changed or removed, in any folder.
        output: what it printed.
    """

    calls: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    output: str = ""

    def outside(self, *folders: Path) -> set[str]:
        """Return the paths written that don't lie in `folders`."""
        inside = tuple(str(folder.resolve()) for folder in folders)
        return {
            path
            for path in self.written
            if not any(path == top or path.startswith(top + os.sep) for top in inside)
            and not DEVICES.fullmatch(path)
            and not SEMAPHORES.fullmatch(path)
        }


def watch(command: list[str], folder: Path, **environment: str) -> Seen:
    """Run `command` under strace in `folder`, with a home and a temporary folder of its own.

    The command works in `folder`/work; `folder`/home and `folder`/tmp must be empty when it ends.
    """
    for name in ("home", "tmp", "work"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    log = folder / "strace.log"
    words = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-s",
        "400",
        "-e",
        f"trace={SYSTEM_CALLS}",
        "-o",
        log,
    ]
    for _ in range(3):
        done = subprocess.run(
            [*map(str, words), *command],
            cwd=folder / "work",
            env=_environment(folder) | environment,
            capture_output=True,
            text=True,
            timeout=900,  # a hang is what it ends, not a loaded machine
            check=False,
        )
        # strace itself gives up where a process dies between two of its own calls
        if not done.stderr.startswith("strace: ptrace("):
            break
        for name in ("home", "tmp", "work"):
            shutil.rmtree(folder / name)
            (folder / name).mkdir()
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    seen = read(log.read_text(errors="replace"), folder / "work")
    seen.output = done.stdout
    return seen


def read(log: str, work: Path) -> Seen:
    """Read a log of `strace -f -y` of a process that works in `work`."""
    seen = Seen()
    for line in log.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, arguments = found.groups()
        if "AF_INET" in arguments or "AF_NETLINK" in arguments or "AF_PACKET" in arguments:
            if name != "socket" and (not _LOOPBACK.search(arguments) or _DNS.search(arguments)):
                seen.calls.append(line)
        elif name == "connect" or (name in _READING and not _WRITES.search(arguments)):
            continue  # connecting to a socket on the device makes no file
        elif " = -1 " not in arguments or "unfinished" in arguments:
            for base, path in _PATH.findall(arguments):
                seen.written.add(os.path.normpath(os.path.join(work, base, path)))
    return seen


def python(code: str, wait_s: float = 0) -> list[str]:
    """Return the command of a process that runs `code`, then waits for what threads may do."""
    waited = f"import atexit, time; atexit.register(time.sleep, {wait_s})\n"
    return [sys.executable, "-c", waited + code]


def _environment(folder: Path) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "SONOGAZE_DATA") if key in os.environ}
    folders = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    # compiled files beside their sources are Python's own, and not every installation has them yet
    return kept | folders | {"PYTHONDONTWRITEBYTECODE": "1"}
