"""Bounds: absurd sizes, long lines, huge files and numbers are typed errors, and soon."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from export.data.dataset import FrameRecord
from export.gaze import Display, GazeError, MapSettings, Placement, gaze_maps, read_gaze
from export.gaze.errors import bounded
from export.gaze.fixations import find_fixations, moving_median
from export.gaze.maps import gaussian_map
from export.gaze.readers import columns, eyelink, text
from export.gaze.records import gaze_of
from export.gaze.samples import from_points
from export.gaze.settings import ImageArea, RecordingSettings, Session, read_session, write_session
from tests.export.gaze.gaze_files import DISPLAY_AND_IMAGE

SCREEN = Display(1920, 1080, 0.2665, 620.0)
GOOD = (
    DISPLAY_AND_IMAGE
    + """[map]
width = 24
height = 18
sigma_deg = 1.0
before_us = 250000
after_us = 250000
offset_us = 0
"""
)
NUMBERS = [line.split(" = ")[0] for line in GOOD.splitlines() if " = " in line]
ABSURD = ["1" + "0" * 400, "-" + "9" * 400, "1" + "0" * 5000, "0x" + "f" * 6000, "1e400", "nan",
          "-inf", "1e300", "-1e300"]  # fmt: skip


@pytest.mark.parametrize("value", ABSURD, ids=lambda v: v[:8])
def test_absurd_numbers_in_gaze_toml_are_refused_by_their_field(value: str, tmp_path: Path) -> None:
    path = tmp_path / "gaze.toml"
    for at, name in enumerate(NUMBERS):
        lines = [line for line in GOOD.splitlines() if line]
        index = [i for i, line in enumerate(lines) if " = " in line][at]
        lines[index] = f"{name} = {value}"
        path.write_text("\n".join(lines))
        with pytest.raises(GazeError) as caught:
            read_session(path)
        assert caught.value.slug in ("gaze-settings", "gaze-display", "gaze-placement",
                                     "gaze-argument")  # fmt: skip
        assert len(str(caught.value)) <= 1000
        assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("width = 24", "width = 1000000000", "a map of 1000000000x18 cells"),
        ("width_px = 1920", "width_px = 0", "width_px is 0; it must be finite and from 1 to 1"),
        ("before_us = 250000", "before_us = 99999999999", "before_us is 99999999999; it must be"),
        ("sigma_deg = 1.0", "sigma_deg = 0", "sigma_deg is 0; it must be finite and from 0.001"),
        ("[map]", "[recording]\ntime_unit = 's'\n[map]", "time_unit is 's'; allowed: 'us', 'ms'"),
        ("[map]", "[recording]\ntime_unit = 3\n[map]", "time_unit is 3; it must be str"),
        ("[map]", "[map]\na = " + "[" * 5000, "is not TOML"),
    ],
)
def test_settings_out_of_range_are_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "gaze.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(GazeError, match=message.replace("[", r"\[")):
        read_session(tmp_path / "gaze.toml")


def test_settings_of_a_megabyte_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gaze.toml").write_text("#" * 1_000_001)
    with pytest.raises(GazeError, match="1,000,001 bytes") as caught:
        read_session(tmp_path / "gaze.toml")
    assert caught.value.slug == "gaze-file-too-large"


def test_what_recordings_leave_open_reads_back_as_written(tmp_path: Path) -> None:
    said = RecordingSettings("ms", 'Eyetracker "timestamp" [μs]\\')
    session = Session(SCREEN, ImageArea(0, 0, 10, 10), MapSettings(), said)
    write_session(session, tmp_path / "gaze.toml")
    assert read_session(tmp_path / "gaze.toml") == session


CSV = "timestamp_us,x_px,y_px,valid\n"


@pytest.mark.parametrize("cell", ["1e7", "-1e300", "1e999", "9" * 5000, "inf", "nan", "1_0", "0x1",
                                  "١", "--1", "1e", "."])  # fmt: skip
def test_numbers_of_no_use_are_refused(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "gaze.csv"
    for row in (f"0,{cell},1,1\n", f"{cell},1,1,1\n"):
        path.write_text(CSV + row + "99999999,1,1,1\n", encoding="utf-8")
        try:
            found = read_gaze(path, SCREEN)
        except GazeError as error:
            assert error.slug == "gaze-number"  # noqa: PT017
            assert len(str(error)) < 1000  # noqa: PT017
        else:  # ten million microseconds are a time, not a place
            assert cell == "1e7"
            assert row.startswith(cell)
            assert found.timestamp_us[0] == 10**7


def test_long_lines_and_many_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gaze.csv"
    path.write_text(CSV + "0," + "1" * 1_000_001)
    with pytest.raises(GazeError, match="line 2 is longer than 1,000,000") as caught:
        read_gaze(path, SCREEN)
    assert caught.value.slug == "gaze-row"
    path.write_text(CSV.strip() + "," + ",".join(f"c{i}" for i in range(2000)) + "\n0,1,2,1\n")
    with pytest.raises(GazeError, match="has 2004 columns; up to 2000"):
        read_gaze(path, SCREEN)


def test_a_file_larger_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "gaze.csv"
    with open(path, "wb") as file:
        file.truncate(text.MAX_FILE_BYTES + 1)  # sparse
    with pytest.raises(GazeError, match="allowed are 536,870,912: split") as caught:
        read_gaze(path, SCREEN)
    assert caught.value.slug == "gaze-file-too-large"


@pytest.mark.parametrize("module", [columns, eyelink], ids=["table", "eyelink"])
def test_more_samples_than_are_read_are_refused(
    module: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "MAX_SAMPLES", 3)
    path = tmp_path / "gaze"
    if module is columns:
        path.write_text(CSV + "".join(f"{i},1,1,1\n" for i in range(4)))
    else:
        head = "SAMPLES\tGAZE\tLEFT\tRATE\t 500.00\n"
        path.write_text(head + "".join(f"{i}\t1.0\t1.0\t1.0\n" for i in range(4)))
    with pytest.raises(GazeError, match="has more than 3 samples") as caught:
        read_gaze(path, SCREEN)
    assert caught.value.slug == "gaze-file-too-large"


def test_a_pipe_and_a_name_no_file_can_have_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "a\0b", tmp_path / ("x" * 5000)):
        with pytest.raises(GazeError, match="cannot be read") as caught:
            read_gaze(path, SCREEN)
        assert caught.value.slug == "gaze-file-missing"
        assert len(str(caught.value)) <= 1000


def test_messages_are_bounded_and_printable() -> None:
    told = bounded("\x1b[31m" + "a" * 5000 + "what is allowed")
    assert len(told) <= 1000
    assert told.isprintable()
    assert told.startswith("?[31m")
    assert told.endswith("what is allowed")


@pytest.mark.parametrize("kind", ["csv", "eyelink", "pro_lab"])
def test_reading_takes_at_most_220_bytes_a_sample(kind: str, tmp_path: Path) -> None:
    path, rows = tmp_path / "gaze", 20_000
    if kind == "csv":
        names = [
            f"{side}_{what}" for side in ("left", "right") for what in ("x_px", "y_px", "valid")
        ]
        body = ",".join(["timestamp_us", *names, "distance_mm", "simulated"]) + "\n"
        body += "".join(f"{i},1,1,1,1,1,1,600,0\n" for i in range(rows))
    elif kind == "eyelink":
        line = "\t  960.1\t  540.2\t  288.0\t  961.1\t  541.2\t  288.0\t.....\n"
        body = "SAMPLES\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\n"
        body += "".join(f"{i}{line}" for i in range(rows))
    else:
        names = ["Recording timestamp [μs]", "Gaze point X [DACS px]", "Gaze point Y [DACS px]"]
        body = "\t".join([*names, *(f"Note {i}" for i in range(40))]) + "\n"
        body += "".join(f"{8000 * i}\t1\t2" + "\twords" * 40 + "\n" for i in range(rows))
    path.write_text(body, encoding="utf-8")
    tracemalloc.start()
    found = read_gaze(path, SCREEN)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == rows
    assert peak < 220 * rows + 300_000


def test_maps_that_would_fill_memory_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = Session(SCREEN, ImageArea(0, 0, 10, 10), MapSettings(512, 512))
    write_session(session, tmp_path / "gaze.toml")
    one = FrameRecord("a", tmp_path / "a.png", "x", "own", "", "g", "", "", "", gaze=tmp_path / "g")
    with pytest.raises(GazeError, match="3000 maps of 512x512 cells fill 3,145,728,000 bytes"):
        gaze_of([one] * 3000, tmp_path)


def test_many_points_in_one_window_are_summed_in_parts() -> None:
    """Held against a plain sum of Gaussians."""
    rng = np.random.default_rng(1)
    x, y, weights = rng.uniform(0, 100, 9000), rng.uniform(0, 50, 9000), rng.uniform(0, 2, 9000)
    weights[:4096] *= 1e-3
    found = gaussian_map(
        x, y, frame_size=(100, 50), grid=(10, 5), sigma_px=(8.0, 6.0), weights=weights
    )
    across, down = np.arange(10) * 10 + 5, np.arange(5) * 10 + 5
    plain = np.zeros((5, 10))
    for px, py, w in zip(x, y, weights, strict=True):
        plain += w * np.outer(
            np.exp(-0.5 * ((down - py) / 6.0) ** 2), np.exp(-0.5 * ((across - px) / 8.0) ** 2)
        )
    np.testing.assert_allclose(found, plain / plain.sum(), rtol=1e-5)


def test_smoothing_windows_are_of_time_whatever_the_rate_does() -> None:
    """Held against a median of each window by NumPy; the rate switches, and there is a gap."""
    rng = np.random.default_rng(2)
    steps = np.r_[np.full(50, 16_667), np.full(200, 500), [400_000], np.full(60, 4000)]
    time = np.cumsum(steps)
    values = rng.normal(size=len(time))
    for width in (0, 30_000, 75_000):
        plain = [np.median(values[np.abs(time - t) <= width // 2]) for t in time]
        np.testing.assert_allclose(moving_median(time, values, width), plain)


def test_fixations_of_a_recording_that_switches_its_rate_are_those_of_each_part() -> None:
    rng = np.random.default_rng(3)

    def part(step_us: int, start_us: int) -> tuple[np.ndarray, np.ndarray]:
        time = start_us + np.arange(0, 600_000, step_us)
        place = np.where(time - start_us < 300_000, 500.0, 900.0)
        return time, place + rng.normal(scale=2.0, size=len(time))

    slow, fast = part(16_667, 0), part(500, 2_000_000)
    both = [np.concatenate(pair) for pair in zip(slow, fast, strict=True)]

    def found(time: np.ndarray, x: np.ndarray) -> list[tuple[int, int]]:
        samples = from_points(time, x, x, np.ones(len(x), dtype=bool))
        return [(f.start_us, f.end_us) for f in find_fixations(samples, SCREEN)]

    assert found(*both) == found(*slow) + found(*fast)
    assert len(found(*both)) == 4


def test_a_long_recording_is_mapped_in_reasonable_time() -> None:
    """A quarter of a million samples with many short fixations: no step is quadratic."""
    count = 250_000
    time = np.arange(count) * 1000
    x = 400.0 + 300.0 * ((time // 250_000) % 2)
    samples = from_points(time, x, x, np.ones(count, dtype=bool))
    placement = Placement(0, 0, 1920, 1080, 192, 108)
    found = gaze_maps(samples, SCREEN, placement, np.arange(0, 250_000_000, 10_000_000))
    assert found.coverage == 1.0
