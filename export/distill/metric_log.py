"""A run's metrics, one row an epoch: a CSV that any tool opens, and a plot of it beside it.

# frames: 112
epoch,learning_rate,gradient_norm,seconds,labels,total,validation_accuracy,validation_loss
1,0.004,1.9,0.52,1.41,1.41,,
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from export import drawing
from export.distill.validation import Validation
from export.files import atomic_write

_NOT_LOSSES = ("epoch", "learning_rate", "gradient_norm", "seconds")
_VALIDATION = "validation_"


class MetricLog:
    """The metrics of one run, kept in `path`; the plot has its name and `.png`.

    Args:
        path: a `.csv`.
        header: what the run is, such as the number of frames; a comment line each.
        validation: frames to score the averaged weights on.
    """

    def __init__(
        self,
        path: Path,
        header: Mapping[str, object] | None = None,
        validation: Validation | None = None,
    ):
        self.path, self.header, self.validation = path, header or {}, validation
        self.rows: list[dict[str, Any]] = []

    def resume(self, epochs: int) -> None:
        """Take up what was logged of the first `epochs`; later ones are trained again."""
        if not self.path.exists():
            return
        with open(self.path, newline="", encoding="utf-8") as file:
            lines = (line for line in file if not line.startswith("#"))
            rows = list(csv.DictReader(lines))
        # a killed run logged epochs beyond its checkpoint
        self.rows = [row for row in rows if int(row["epoch"]) <= epochs]

    def add(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Add an epoch's row, and write all of them: the file is whole at any time."""
        numbers = {name: f"{value:.6g}" for name, value in metrics.items()}
        self.rows.append({"epoch": epoch, **numbers})
        with (
            atomic_write(self.path) as unfinished,
            open(unfinished, "w", newline="", encoding="utf-8") as file,
        ):
            file.writelines(f"# {name}: {value}\n" for name, value in self.header.items())
            writer = csv.DictWriter(file, self._columns(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def draw(self) -> None:
        """Draw each metric over the epochs, and all losses together."""
        names = self._columns()
        losses = [n for n in names if n not in _NOT_LOSSES and not n.startswith(_VALIDATION)]
        others = [f"{_VALIDATION}accuracy", f"{_VALIDATION}loss", *_NOT_LOSSES[1:]]
        figure = drawing.figure(figsize=(12, 6.5), layout="constrained")
        panels = figure.subplots(2, 3).flat
        self._panel(panels[0], "training loss", losses)
        for axes, name in zip(panels[1:], others, strict=True):
            self._panel(axes, name.replace("_", " "), [name])
        panels[1].set_ylim(0, 1.02)
        figure.suptitle("\n".join(f"{n}: {v}" for n, v in self.header.items()), fontsize="small")
        drawing.save(figure, self.path.with_suffix(".png"))

    def _panel(self, axes: Any, title: str, names: Sequence[str]) -> None:
        for name in names:
            # validation has gaps
            points = [(int(row["epoch"]), float(row[name])) for row in self.rows if row.get(name)]
            axes.plot([x for x, _ in points], [y for _, y in points], ".-", label=name)
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend()

    def _columns(self) -> list[str]:
        """Return all rows' columns in their order; validation, which few rows have, comes last."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return sorted(names, key=lambda name: name.startswith(_VALIDATION))
