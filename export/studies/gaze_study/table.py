"""The report's tables as Markdown, for the docs page."""

from typing import Any


def markdown(report: dict[str, Any]) -> str:
    """Return the planned comparisons, then each setting's scores; points, with 95 % intervals."""
    lines = [
        "| setting | arm, against | rounds | difference | p, corrected | detectable, corrected | "
        "outcome |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report["comparisons"]:
        lines.append(
            f"| `{row['setting']}` | `{row['arm']}`, `{row['against']}` | {row['rounds']} | "
            f"{_shown(row['difference'], row['interval_95'], '+')} | {row['p_holm']:.3f} | "
            f"{100 * row['detectable_corrected']:.0f} | {row['outcome']} |"
        )
    for setting, arms in report["scores"].items():
        measures = list(next(iter(arms.values())))
        lines += ["", f"`{setting}`, rounds {report['rounds_done'][setting]}:", ""]
        lines += ["| arm | " + " | ".join(measures) + " |", "|---" * (1 + len(measures)) + "|"]
        for arm, scores in arms.items():
            told = [_shown(s["estimate"], s["interval_95"]) for s in scores.values()]
            lines.append(f"| `{arm}` | " + " | ".join(told) + " |")
    return "\n".join(lines) + "\n"


def _shown(value: float, interval: list[float], sign: str = "") -> str:
    low, high = (f"{100 * end:{sign}.1f}" for end in interval)
    return f"{100 * value:{sign}.1f} ({low} to {high})"
