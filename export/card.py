"""The model card: Markdown made from a release's report, so that no figure is typed by hand."""

from typing import Any

from export.data.dataset import LABELS

PART_NAMES = {
    "val": "validation patients (choices were made on them)",
    "test": "test patients",
    "external": "external set (five African countries), never trained on",
}


def render(report: dict[str, Any], teacher: dict[str, Any] | None) -> str:
    """Return the card of `report` (release.json); `teacher` holds its scores by part, or None."""
    lines = [
        f"# Model card: {report['student_id']}",
        "",
        "Made by `sonogaze-export card` from `sdk/models/release.json`. "
        "Intervals are 95 % bootstraps over patients.",
        "",
        *_facts(report),
        "",
        "## Accuracy",
        "",
        *_accuracy(report["scores"], teacher),
        "",
        *_recalls(report["scores"]["fp32"]),
        "",
        *_subgroups(report["scores"]["fp32"]),
        "",
        *_confusions(report["scores"]["fp32"]),
        "",
        *_limits(),
    ]
    return "\n".join(lines) + "\n"


def percent(score: dict[str, Any]) -> str:
    """Return an accuracy and its interval, as `97.9 % (96.2-99.1)`."""
    low, high = score["accuracy_95"]
    return f"{100 * score['accuracy']:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def _facts(report: dict[str, Any]) -> list[str]:
    provenance = report["provenance"]
    data = "; ".join(
        f"{d['name']} ({d['licence']}): {d['frames']} frames of {d['patients']} patients"
        for d in provenance["training_data"]
    )
    size = ", ".join(f"{p} {b:,} bytes" for p, b in report["bytes"].items())
    calibration = report["calibration"]
    return [
        f"- Learned from: {data}",
        f"- Recipe `{provenance['recipe']}`, losses `{provenance['losses']}`, "
        f"seed {provenance['seed']}; command `{report['command']}`",
        f"- Parameters: {provenance['parameters']:,}; files: {size}",
        f"- Teacher: SHA-256 `{provenance['teacher_sha256']}`; started from "
        f"{provenance['teacher_start']}",
        f"- Temperature {calibration['temperature']}; withheld below a confidence of "
        f"{next(iter(calibration['abstain_below'].values()))}",
    ]


def _accuracy(scores: dict[str, Any], teacher: dict[str, Any] | None) -> list[str]:
    lines = [
        "| part | frames / patients | fp32 | int8 | teacher | ECE (fp32) | accepted, right |",
        "|" + "---|" * 7,
    ]
    for part, score in scores["fp32"].items():
        taught = percent(teacher[part]) if teacher else "-"
        lines.append(
            f"| {PART_NAMES.get(part, part)} | {score['frames']} / {score['patients']} | "
            f"{percent(score)} | {percent(scores['int8'][part])} | {taught} | "
            f"{100 * score['ece']:.1f} % | {_accepted(score)} |"
        )
    return lines


def _accepted(score: dict[str, Any]) -> str:
    if score["accepted_accuracy"] is None:
        return "none"
    return f"{100 * score['coverage']:.1f} %, {100 * score['accepted_accuracy']:.1f} %"


def _recalls(scores: dict[str, Any]) -> list[str]:
    lines = ["| recall (fp32) | " + " | ".join(LABELS) + " |", "|" + "---|" * 5]
    for part, score in scores.items():
        cells = [
            "-" if score["recall"][label] is None else f"{100 * score['recall'][label]:.1f} %"
            for label in LABELS
        ]
        lines.append(f"| {part} | " + " | ".join(cells) + " |")
    return lines


def _subgroups(scores: dict[str, Any]) -> list[str]:
    lines = ["| subgroup (fp32) | part | frames | accuracy |", "|" + "---|" * 4]
    for part in ("test", "external"):
        if part not in scores:
            continue
        for field, groups in scores[part]["by"].items():
            if len(groups) < 2:
                continue
            for name, group in groups.items():
                share = f"{100 * group['accuracy']:.1f} %"
                lines.append(f"| {field}: {name} | {part} | {group['frames']} | {share} |")
    return lines


def _confusions(scores: dict[str, Any]) -> list[str]:
    lines = []
    for part in ("test", "external"):
        if part not in scores:
            continue
        lines += [f"| {part}: truth, then what was said | " + " | ".join(LABELS) + " |"]
        lines += ["|" + "---|" * 5]
        for label, row in zip(LABELS, scores[part]["confusion"], strict=True):
            lines.append(f"| {label} | " + " | ".join(map(str, row)) + " |")
        lines.append("")
    return lines[:-1]


def _limits() -> list[str]:
    return [
        "## Limits",
        "",
        "- Four classes; `background` was learned from thorax planes and twenty other frames, not "
        "from the sweeps between planes. What lies far from the four classes should be withheld "
        "or rejected, and may not be.",
        "- Still frames of one country and few machines; the external set has 175 frames.",
        "- No gaze was recorded on these frames and none was used.",
        "- Not a medical device.",
    ]
