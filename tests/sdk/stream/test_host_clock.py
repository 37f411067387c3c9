"""The clock of the day may step, as NTP or a person sets it: streams and live sources never ask it.

A library that stands between Python and libc makes it jump by an hour at every reading.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

JUMPING = r"""
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static long readings = 0;
  const long status = syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += 3600 * (readings++ % 3 - 1);
  return static_cast<int>(status);
}
"""

CODE = """if True:
    import sys, time
    jumps = [time.time() for _ in range(6)]
    assert min(jumps) + 3000 < max(jumps), "the clock of the day jumps"
    import numpy as np
    import sdk, sdk.sources
    from sdk.audit import AuditLog
    picture = np.random.default_rng(0).integers(0, 255, (120, 160)).astype(np.uint8)
    with AuditLog(sys.argv[2], max_bytes=2**20, files=2) as log:
        stream = sdk.Classifier(sys.argv[1]).stream(fps=30, audit=log)
        with sdk.sources.callback(timeout_s=0.2) as source, stream.background() as live:
            for _ in range(40):
                source.put(picture.tobytes(), 160, 120, bits_per_pixel=8)
                frame, info = next(source)
                live.put(frame, info.timestamp_us)
                stats = live.stats()
                assert stats.since_frame_s is None or 0 <= stats.since_frame_s < 600
            begun = time.monotonic()
            try:
                next(source)
            except sdk.SourceError as error:
                assert error.slug == "source-timeout"
            assert 0.2 <= time.monotonic() - begun < 600
        assert live.close()
    stats = live.stats()
    assert stats.frames + stats.dropped == 40, stats
    assert stats.bad_timestamps == stats.failed == 0 == log.lost, stats
    assert 0 < stats.latency_p99_us < 600e6
    times = [answer.timestamp_us for answer in live]
    assert times == sorted(times) and times[-1] < 600e6
    print("done")
"""


def test_a_clock_of_the_day_that_jumps_changes_nothing(toy_path: Path, tmp_path: Path) -> None:
    (tmp_path / "jumping.cpp").write_text(JUMPING)
    library = tmp_path / "jumping.so"
    build = ["g++", "-shared", "-fPIC", "-O1", "-o", str(library), str(tmp_path / "jumping.cpp")]
    subprocess.run(build, check=True, timeout=120)
    command = [sys.executable, "-c", CODE, str(toy_path), str(tmp_path / "audit.jsonl")]
    environment = os.environ | {"LD_PRELOAD": str(library)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment, cwd=ROOT
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr
