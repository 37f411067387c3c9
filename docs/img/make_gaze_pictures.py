"""Draw the pictures of docs/phantom.md and docs/gaze.md: python docs/img/make_gaze_pictures.py."""

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from export.data.dataset import find_data_root
from export.data.phantom import LABELS, phantom_frame
from export.gaze import (
    Display,
    MapSettings,
    Placement,
    donors_among_all,
    donors_within_class,
    find_fixations,
    gaze_maps,
    leakage_probe,
    read_gaze,
    simulate_gaze,
)
from export.gaze.interest import still
from export.gaze.pictures import overlay

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
SCREEN = Display(1920, 1080, 0.2665, 620.0)
SHOWN = Placement.letterboxed(448, 336, 0, 0, 1920, 1080)
STILL = MapSettings(24, 18, before_us=0, after_us=3_000_000)


def save(rows: list[list[np.ndarray]], name: str, size: tuple[int, int], colours: int) -> None:
    """Write a sheet of pictures with few colours, to keep the file small."""
    sheet = np.vstack([
        np.hstack([np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX)) for p in row])
        for row in rows
    ])  # fmt: skip
    Image.fromarray(sheet).convert("RGB").quantize(colours, Image.Quantize.MAXCOVERAGE).save(
        HERE / name, optimize=True
    )


def phantom_sheet() -> None:
    """Draw two synthetic frames of each label."""
    rows = [[phantom_frame(label, seed).pixels for label in LABELS] for seed in (2, 40)]
    save(rows, "phantom.png", (200, 150), 24)


def simulated_sheet() -> None:
    """Draw simulated gaze over synthetic frames."""
    row = []
    for seed, label in enumerate(LABELS):
        frame = phantom_frame(label, 11)
        samples = simulate_gaze(still(frame.truth.points), SCREEN, SHOWN, duration_s=3, seed=seed)
        gaze = gaze_maps(samples, SCREEN, SHOWN, np.array([0]), STILL)
        found = find_fixations(samples, SCREEN)
        centres = np.array([f.x_px for f in found]), np.array([f.y_px for f in found])
        x, y, _ = SHOWN.to_frame(*centres)
        row.append(overlay(frame.pixels, gaze.maps[0], (x, y)))
    save([row[:2], row[2:]], "gaze-simulated.png", (236, 177), 96)


def fixation_plot() -> None:
    """Plot a real Tobii recording (I2MC, MIT licence) and what the filter makes of it."""
    root = find_data_root()
    if root is None:
        return
    samples = read_gaze(root / "gaze" / "tobii" / "participant1_1.tsv", SCREEN)
    start = samples.timestamp_us[0]
    seconds = (samples.timestamp_us - start) / 1e6
    figure, axes = plt.subplots(figsize=(6.4, 2.6), dpi=100, layout="constrained")
    axes.plot(seconds, samples.x_px, ".", ms=2, label="x")
    axes.plot(seconds, samples.y_px, ".", ms=2, label="y")
    for fixation in find_fixations(samples, SCREEN):
        begin, end = (fixation.start_us - start) / 1e6, (fixation.end_us - start) / 1e6
        axes.axvspan(begin, end, color="0.9")
        axes.hlines([fixation.x_px, fixation.y_px], begin, end, color="k", lw=1)
    axes.set(xlabel="s", ylabel="display px", ylim=(0, 1920))
    axes.legend(loc="upper left", markerscale=4, frameon=False)
    figure.savefig(HERE / "gaze-fixations.png", pil_kwargs={"optimize": True})


def leakage(each: int = 60) -> None:
    """Print what the probe tells from simulated gaze on the phantom, and from its controls."""
    maps, labels = [], []
    for label in LABELS:
        for seed in range(each):
            points = phantom_frame(label, seed, 96, 128).truth.points
            shown = Placement.letterboxed(128, 96, 0, 0, 1920, 1080)
            samples = simulate_gaze(still(points), SCREEN, shown, duration_s=3, seed=seed)
            maps.append(gaze_maps(samples, SCREEN, shown, np.array([0]), STILL).maps[0])
            labels.append(label)
    stack, groups = np.stack(maps), [str(i) for i in range(len(labels))]
    within, among = donors_within_class(labels, groups, 0), donors_among_all(groups, 0)
    for name, given in (("as it is", stack), ("within", stack[within]), ("all", stack[among])):
        result = leakage_probe(given, labels, groups)
        print(f"{name}: {result.accuracy:.3f} of {len(labels)}")


if __name__ == "__main__":
    phantom_sheet()
    simulated_sheet()
    fixation_plot()
    leakage()
