"""The model card's words and tables: all made from a release's report, no figure typed by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

PART_NAMES = {
    "val": "validation patients (choices were made on them)",
    "test": "test patients",
    "external": "external set, never trained on",
}


def render(report: dict[str, Any], pictures: list[str], source: str) -> str:
    """Return the card of `report`; `pictures` are lines that show pictures or say why none."""
    scores, labels = report["scores"]["fp32"], report["labels"]
    sections = [
        [
            f"# Model card: {report['student_id']}",
            f"Made by `sonogaze-export card` from `{source}`. Intervals are 95 %, over patients: "
            "of accuracies exact binomial ones at the patients' effective number of frames, of "
            "calibration errors bootstraps.",
        ],
        _passed_over(report["gates"]),
        ["\n".join(_facts(report))],
        ["## Accuracy", "\n".join(_accuracy(report))],
        ["\n".join(_recalls(scores, labels))],
        ["\n".join(_subgroups(scores))],
        ["\n".join(table) for table in _confusions(scores, labels)],
        *_no_planes(report),
        ["## Gates of the release", "\n".join(_gates(report["gates"]))],
        ["## Pictures", *pictures],
        ["## Limits", "\n".join(_limits(report))],
        ["## Credit", report["attribution"].strip().replace("\n", "\n\n")],
    ]
    return "\n\n".join(line for section in sections for line in section) + "\n"


def percent(score: dict[str, Any]) -> str:
    """Return an accuracy and its interval, as `97.9 % (96.2-99.1)`."""
    return f"{100 * score['accuracy']:.1f} %{_interval(score['accuracy_95'])}"


def _interval(bounds: list[float | None]) -> str:
    low, high = bounds
    return "" if low is None or high is None else f" ({100 * low:.1f}-{100 * high:.1f})"


def _passed_over(gates: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"> **Gate `{g['gate']}` failed and was waived.** Asked: {g['asks']}. Found: "
        f"{g['found']}. Reason given: {g['reason']}."
        for g in gates
        if not g["passed"]
    ]
    return ["\n>\n".join(lines)] if lines else []


def objective_of(provenance: dict[str, Any]) -> str:
    """Return what a student was trained by; files of before call it `losses`."""
    return str(provenance["objective"] if "objective" in provenance else provenance["losses"])


def _frames_and_patients(sets: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{d['name']} ({d['licence']}): {d['frames']} frames of {d['patients']} patients"
        for d in sets
    )


def _unlabelled(sets: Iterable[Mapping[str, Any]]) -> list[str]:
    told = _frames_and_patients(sets)
    return [f"- Followed its teacher, without labels, on: {told}"] if told else []


def _facts(report: dict[str, Any]) -> list[str]:
    provenance, calibration = report["provenance"], report["calibration"]
    data = _frames_and_patients(provenance["training_data"])
    size = ", ".join(f"{p} {b:,} bytes" for p, b in report["bytes"].items())
    teacher_text = (
        f"{_networks(provenance.get('teacher_members', 1))}SHA-256 "
        f"`{provenance['teacher_sha256']}`; started from {provenance['teacher_start']}"
        if provenance["teacher_sha256"]
        else "none: learned from labels alone"
    )
    return [
        f"- Labels: {', '.join(report['labels'])}",
        f"- Learned from: {data}",
        *_unlabelled(provenance.get("unlabelled_data", ())),
        f"- Recipe `{provenance['recipe']}`, objective `{objective_of(provenance)}`, "
        f"seed {provenance['seed']}; command `{report['command']}`",
        f"- Parameters: {provenance['parameters']:,}; files: {size}",
        f"- Teacher: {teacher_text}",
        *_gaze(provenance.get("gaze") or {}),
        *_made_by(provenance),
        f"- Temperature {calibration['temperature']}; withheld below a confidence of "
        f"{_thresholds(calibration['abstain_below'], report.get('thresholds') or {})}",
        *_novelty(report),
        *_strangers(report),
    ]


def _thresholds(limits: dict[str, float], story: dict[str, Any]) -> str:
    """Return the thresholds: one where all are alike, with their intervals where known."""
    told = {label: _with_interval(limit, story.get(label)) for label, limit in limits.items()}
    if len(set(told.values())) == 1:
        return next(iter(told.values()))
    return ", ".join(f"{limit} ({label})" for label, limit in told.items())


def _with_interval(limit: float, story: dict[str, Any] | None) -> str:
    low, high = (story or {}).get("interval_95") or (None, None)
    if story is None or low is None or high is None:
        return f"{limit}"
    chosen = f"{low:.2f} to {high:.2f} over patients; {story['errors']} errors"
    return f"{limit} [{chosen} of {story['answers']} answers]"


def _novelty(report: dict[str, Any]) -> list[str]:
    novelty, limits = report.get("novelty"), report.get("novelty_limits") or {}
    if novelty is None:
        return []
    distance = limits.get("distance", novelty["above"])
    told = (
        f"- Withheld as `unlike-training` beyond a distance of {distance:.3g} from the nearest of "
        f"{novelty['prototypes']} prototypes"
    )
    if "denied" in limits:
        told += (
            f", or where the open-set head denies more than {limits['denied']:.3g} of the answer"
        )
    return [told, *_open_set(report["provenance"].get("open_set"))]


def _open_set(told: dict[str, Any] | None) -> list[str]:
    if told is None:
        return []
    data = "; ".join(f"{d['name']} ({d['licence']})" for d in told["training_data"])
    rows = ", ".join(f"{count} {what}" for what, count in told["rows"].items())
    return [f"- The open-set head learned, on the finished student, from {data}: {rows}"]


def _strangers(report: dict[str, Any]) -> list[str]:
    """Return what became of kinds that students of the folds never met, in a line."""
    kinds = report.get("strangers")
    if not kinds:
        return []
    told = "; ".join(
        f"{kind} {100 * shares['accepted']:.1f} % of {shares['frames']}"
        for kind, shares in kinds.items()
    )
    return [
        f"- Kinds left out in turn, and then accepted by another label than theirs: {told}; "
        f"{100 * report['kept']:.1f} % of right answers to unseen patients, by which the limits "
        "were chosen, are kept"
    ]


def _gaze(gaze_facts: dict[str, Any]) -> list[str]:
    """Return what each gaze covers, one line each."""
    lines = []
    for name, gaze in gaze_facts.items():
        share = 100 * gaze["covered"] / gaze["frames"]
        kind = "**simulated**: nobody looked" if gaze["simulated"] else "recorded"
        control = "" if gaze["control"] == "none" else f"; control `{gaze['control']}`"
        passed = ", ".join(f"`{p}`" for p in gaze["passed_over"])
        lines.append(
            f"- Gaze `{name}` ({kind}{control}): lies on {gaze['covered']} of {gaze['frames']} "
            f"training frames ({share:.1f} %) by {gaze['recordings']} recordings, the lowest "
            f"{100 * gaze['lowest_share']:.1f} % of its own; at least "
            f"{100 * gaze['least_coverage']:.0f} % were required"
            + (f". **Passed over**: {passed}" if passed else "")
        )
    return lines


def _made_by(provenance: dict[str, Any]) -> list[str]:
    """Return by which sources each part was made, where the release knows."""
    if "made_by" not in provenance:
        return []
    parts = (f"{what} `{', '.join(by)}`" for what, by in provenance["made_by"].items())
    return [f"- Made by the sources: {'; '.join(parts)}"]


def _networks(members: int) -> str:
    return f"{members} networks that speak as one, " if members > 1 else ""


def _accuracy(report: dict[str, Any]) -> list[str]:
    teacher = report["teacher_scores"] or {}
    lines = [
        "| part | frames / patients | fp32 | int8 | teacher | ECE (fp32) | ECE, adaptive bins | "
        "accepted, right |",
        "|" + "---|" * 8,
    ]
    for part, score in report["scores"]["fp32"].items():
        teacher_score = percent(teacher[part]) if part in teacher else "-"
        lines.append(
            f"| {PART_NAMES.get(part, part)} | {score['frames']} / {score['patients']} | "
            f"{percent(score)} | {percent(report['scores']['int8'][part])} | {teacher_score} | "
            f"{100 * score['ece']:.1f} %{_interval(score['ece_95'])} | "
            f"{100 * score['ece_adaptive']:.1f} % | {_accepted(score)} |"
        )
    return lines


def _accepted(score: dict[str, Any]) -> str:
    if score["accepted_accuracy"] is None:
        return "none"
    return f"{100 * score['coverage']:.1f} %, {100 * score['accepted_accuracy']:.1f} %"


def _recalls(scores: dict[str, Any], labels: list[str]) -> list[str]:
    lines = ["| recall (fp32) | " + " | ".join(labels) + " |", "|" + "---|" * (len(labels) + 1)]
    for part, score in scores.items():
        cells = [
            "-" if score["recall"][label] is None else f"{100 * score['recall'][label]:.1f} %"
            for label in labels
        ]
        lines.append(f"| {part} | " + " | ".join(cells) + " |")
    return lines


def _subgroups(scores: dict[str, Any]) -> list[str]:
    lines = ["| subgroup (fp32) | part | frames / patients | accuracy |", "|" + "---|" * 4]
    for part in ("test", "external"):
        if part not in scores:
            continue
        for field, groups in scores[part]["by"].items():
            if len(groups) < 2:
                continue
            for name, group in groups.items():
                size = f"{group['frames']} / {group['patients']}"
                lines.append(f"| {field}: {name} | {part} | {size} | {percent(group)} |")
    return lines if len(lines) > 2 else ["Nothing is known that would make subgroups."]


def _confusions(scores: dict[str, Any], labels: list[str]) -> list[list[str]]:
    tables = []
    for part in ("test", "external"):
        if part not in scores:
            continue
        table = [f"| {part}: true label, then predictions | " + " | ".join(labels) + " |"]
        table += ["|" + "---|" * (len(labels) + 1)]
        for label, row in zip(labels, scores[part]["confusion"], strict=True):
            table.append(f"| {label} | " + " | ".join(map(str, row)) + " |")
        tables.append(table)
    return tables


def _gates(gates: list[dict[str, Any]]) -> list[str]:
    lines = ["| gate | requires | measured | |", "|" + "---|" * 4]
    for gate in gates:
        outcome = "passed" if gate["passed"] else f"**failed**, waived: {gate['reason']}"
        lines.append(f"| `{gate['gate']}` | {gate['asks']} | {gate['found']} | {outcome} |")
    return lines


def _no_planes(report: dict[str, Any]) -> list[list[str]]:
    """Return what is accepted that shows no plane, or none of its structure any more."""
    negatives = report.get("negatives")
    if negatives is None:
        return []
    provenance = report["provenance"]
    by_head = provenance.get("open_set", {}).get("training_data", ())
    met = (*provenance["training_data"], *provenance.get("unlabelled_data", ()), *by_head)
    learned = {data["name"] for data in met}
    kinds = ["| kind | part | frames | called a plane | accepted as one |", "|" + "---|" * 5]
    for kind, shares in negatives["kinds"].items():
        known = kind.partition(":")[0] in learned
        for part, told in (shares["by_part"] if known else {"": shares}).items():
            kinds.append(
                f"| {kind} | {_seen(kind, part, learned)} | {told['frames']} | "
                f"{100 * told['called']:.1f} % | {100 * told['accepted']:.1f} %"
                f"{_interval(told['accepted_95'])} |"
            )
    for name, told in negatives["patterns"].items():
        kinds.append(
            f"| pattern: {name} | drawn | {told['frames']} | {100 * told['called']:.1f} % | "
            f"{100 * told['accepted']:.1f} % |"
        )
    return [
        ["## What is no plane", "\n".join(kinds)],
        [
            "Structures painted over, by the fill; `mirror` alone is in no training frame. Shares "
            "that are accepted as their label:",
            "\n".join(_erased(negatives["structures"], learned)),
        ],
    ]


def _seen(name: str, part: str, learned: set[str]) -> str:
    """Return what a part is to a student; `name` begins with the data set's."""
    if name.partition(":")[0] not in learned:
        return "never trained on"
    return {"train": "train", "val": "validation"}.get(part, part)


def _erased(structures: dict[str, Any], learned: set[str]) -> list[str]:
    told_of = [told for parts in structures.values() for told in parts.values()]
    painted = {name for told in told_of for name in told if ":" in name}
    names = ["untouched", *sorted(painted, reverse=True)]  # erased before elsewhere
    lines = ["| structure | part | frames | " + " | ".join(names) + " |"]
    lines.append("|" + "---|" * (len(names) + 3))
    for structure, parts in structures.items():
        for part, told in parts.items():
            cells = [f"{100 * told[name]['accepted_as_label']:.0f} %" for name in names]
            seen = _seen(part, part.rpartition(":")[2], learned)
            lines.append(f"| {structure} | {seen} | {told['frames']} | {' | '.join(cells)} |")
    return lines


_LIMITS_OF = {
    "fetal_planes_db": [
        "`background` was learned from thorax planes and a few others, not from the sweeps "
        "between planes. What lies far from the labels should be withheld or rejected, and may "
        "not be.",
        "Still frames of one country and few machines{external}.",
        "No gaze was recorded on these frames. Where a recipe uses gaze, it is simulated.",
    ]
}


def _limits(report: dict[str, Any]) -> list[str]:
    names = [entry["name"] for entry in report["provenance"]["training_data"]]
    external = report["scores"]["fp32"].get("external")
    external_text = f"; the external set has {external['frames']} frames" if external else ""
    known = [
        limit.format(external=external_text) for name in names for limit in _LIMITS_OF.get(name, [])
    ]
    own = [
        "A frame of anything else gets one of the labels above, or is withheld or rejected.",
        "Held-out patients are of the same sources as those learned from, but for the external "
        "set where there is one.",
    ]
    return [f"- {limit}" for limit in [*(known or own), "Not a medical device."]]
