"""What the study's whole rounds say: every arm's scores, and the planned comparisons."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from export.evaluation import softmax
from export.sources import sources
from export.studies.gaze_study.answers import Answers, answers_file
from export.studies.gaze_study.cues import kinds_of
from export.studies.gaze_study.frames import Sample, labels_of
from export.studies.gaze_study.plan import LABELS, PLAN, Comparisons, Plan, Setting
from export.studies.gaze_study.statistics import Draws, Reduce, Values, bootstrap, detectable, holm
from export.studies.machine import machine_facts

FEMUR = LABELS.index("femur")
Measured = tuple[np.ndarray, str, Reduce]
"""Values of one student's frames, which frames (`all` or `femurs`), and how they are averaged."""


def report_of(plan: Plan, sample: Sample, folder: Path) -> dict[str, Any]:
    """Return the report: of each setting, the rounds in which all of its arms are there."""
    done = {s.name: _whole(plan, s, folder) for s in plan.settings}
    measured = _Measured(plan, sample, folder, done)
    return {
        "format": "sonogaze-gaze-study/1",
        "gaze": "simulated at marked structures; nobody looked",
        "plan_sha256": sha256(PLAN.read_bytes()).hexdigest(),
        "sources": sources(),
        "machine": machine_facts(),
        "rounds_planned": plan.rounds,
        "rounds_done": done,
        "cpu_s": _cpu_s(folder),
        "trained_on": _counts(sample.train),
        "evaluated": _counts(sample.evaluated),
        "comparisons_planned": plan.planned,
        "comparisons": _comparisons(plan, measured),
        "scores": {
            setting.name: {arm: measured.scores(setting, arm) for arm in setting.arms}
            for setting in plan.settings
            if done[setting.name]
        },
    }


def _whole(plan: Plan, setting: Setting, folder: Path) -> list[int]:
    return [
        number
        for number in range(1, plan.rounds + 1)
        if all(answers_file(folder, number, setting, arm).exists() for arm in setting.arms)
    ]


def _cpu_s(folder: Path) -> float:
    """Return the processor's seconds that all students here took, their teachers with them."""
    total = 0.0
    for path in folder.glob("round-*/*.npz"):
        with np.load(path) as file:
            total += float(file["cpu_s"])
    return round(total, 1)


def _counts(records: Sequence[Any]) -> dict[str, Any]:
    labels = labels_of(records)
    return {
        "patients": len({r.group for r in records}),
        **{name: int((labels == index).sum()) for index, name in enumerate(LABELS)},
    }


class _Measured:
    """Students' answers as numbers with intervals, computed once each."""

    def __init__(self, plan: Plan, sample: Sample, folder: Path, done: dict[str, list[int]]):
        self.plan, self.folder, self.done = plan, folder, done
        self._settings = {s.name: s for s in plan.settings}
        self.labels = labels_of(sample.evaluated)
        groups = np.array([r.group for r in sample.evaluated])
        femurs = np.array([r.label == "femur" and r.id in sample.marked for r in sample.evaluated])
        self._frames = {"all": np.full(len(groups), True), "femurs": femurs}
        self._groups = groups
        self._known: dict[tuple[str, str, str], Draws] = {}

    def draws(self, setting: str, arm: str, measure: str) -> Draws:
        """Return one arm's measure, bootstrapped."""
        key = (setting, arm, measure)
        if key not in self._known:
            parts = [self._measure(setting, arm, n, measure) for n in self.done[setting]]
            chosen = self._frames[parts[0][1]]
            values = Values(
                np.stack([values for values, _, _ in parts]),
                self.labels[chosen],
                self._groups[chosen].tolist(),
                parts[0][2],
            )
            self._known[key] = bootstrap(values, self.plan.draws)
        return self._known[key]

    def scores(self, setting: Setting, arm: str) -> dict[str, Any]:
        """Return every measure of an arm, with its interval and its rounds."""
        return {
            measure: {
                "estimate": drawn.estimate,
                "interval_95": list(drawn.interval),
            }
            for measure in measures_of(setting)
            for drawn in [self.draws(setting.name, arm, measure)]
        }

    def _measure(self, setting: str, arm: str, number: int, measure: str) -> Measured:
        path = answers_file(self.folder, number, self._settings[setting], arm)
        with np.load(path) as file:
            answers = dict(file)
        name, _, part = measure.partition(":")
        return MEASURES[name](answers, self.labels, self._frames["femurs"], (part, self.plan))


def measures_of(setting: Setting) -> list[str]:
    """Return what is measured in a setting, `NAME` or `NAME:PART`."""
    found = ["balanced_accuracy"]
    if setting.cue is not None:
        kinds = [f"worst_label_reversed:{kind}" for kind in kinds_of(setting.cue)]
        found += ["worst_label_reversed", "balanced_reversed", *(kinds if len(kinds) > 1 else [])]
    elif setting.name == "natural":
        found += ["erased_accepted", "erased_accepted:held_back", "untouched_accepted"]
        found += ["bone_over_centre", "bone"]
    return found


Given = tuple[str, Plan]


def _right(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray((logits.argmax(-1) == labels).astype(np.float64))


def _balanced(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    return _right(a["clean"], labels), "all", "mean_of_labels"


def _reversed(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    part, _ = given
    logits = a["reversed"] if not part else a["reversed"][[kinds_of("outside").index(part)]]
    return _right(logits, labels).mean(0), "all", "worst_label"


def _balanced_reversed(
    a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given
) -> Measured:
    return _right(a["reversed"], labels).mean(0), "all", "mean_of_labels"


def _accepted(a: Answers, logits: np.ndarray, plan: Plan) -> np.ndarray:
    """Return which frames are accepted as femur, at the threshold that keeps the untouched."""
    threshold = np.quantile(softmax(a["clean"]).max(-1), 1 - plan.kept)
    sure = softmax(logits.reshape(-1, len(LABELS))).max(-1).reshape(logits.shape[:-1]) >= threshold
    return np.asarray((sure & (logits.argmax(-1) == FEMUR)).astype(np.float64))


def _erased(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    part, plan = given
    unseen = [fill not in plan.train_fills for fill in plan.test_fills]
    logits = a["erased"][unseen] if part == "held_back" else a["erased"]
    return _accepted(a, logits, plan).mean(0), "femurs", "mean"


def _untouched(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    return _accepted(a, a["clean"][femurs], given[1]), "femurs", "mean"


def _over_centre(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    return a["bone"] - a["centre"], "femurs", "mean"


def _bone(a: Answers, labels: np.ndarray, femurs: np.ndarray, given: Given) -> Measured:
    return a["bone"], "femurs", "mean"


MEASURES: dict[str, Callable[[Answers, np.ndarray, np.ndarray, Given], Measured]] = {
    "balanced_accuracy": _balanced,
    "worst_label_reversed": _reversed,
    "balanced_reversed": _balanced_reversed,
    "erased_accepted": _erased,
    "untouched_accepted": _untouched,
    "bone_over_centre": _over_centre,
    "bone": _bone,
}


def _comparisons(plan: Plan, measured: _Measured) -> list[dict[str, Any]]:
    """Return the planned comparisons, p-values corrected for the number of them."""
    rows: list[dict[str, Any]] = []
    for planned in plan.comparisons:
        for setting in planned.settings:
            if measured.done[setting]:
                rows += [
                    _compared(plan, planned, setting, pair, measured) for pair in planned.pairs
                ]
    for row, corrected in zip(rows, holm([row["p"] for row in rows], plan.planned), strict=True):
        row["p_holm"] = corrected
        helps = row["difference"] > 0 if row["better"] == "higher" else row["difference"] < 0
        shown = corrected < plan.alpha
        row["outcome"] = ("gain" if helps else "loss") if shown else "none shown"
    return rows


def _compared(
    plan: Plan, planned: Comparisons, setting: str, pair: tuple[str, str], measured: _Measured
) -> dict[str, Any]:
    arm, against = (measured.draws(setting, name, planned.measure) for name in pair)
    gap = arm - against
    return {
        "setting": setting,
        "measure": planned.measure,
        "better": planned.better,
        "arm": pair[0],
        "against": pair[1],
        "rounds": len(measured.done[setting]),
        "difference": gap.estimate,
        "interval_95": list(gap.interval),
        "p": gap.p_value,
        "detectable_alone": detectable(gap.error, plan.alpha, plan.power),
        "detectable_corrected": detectable(gap.error, plan.alpha / plan.planned, plan.power),
    }
