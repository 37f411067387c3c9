"""A search in a table."""

from collections.abc import Mapping
from typing import Any

from export.studies.search.run import faster


def search_summary(report: Mapping[str, Any]) -> str:
    """Return the finals as Markdown: latency, accuracy over seeds, what int8 loses."""
    lines = [
        "| network | parameters | ms fp32 | ms int8 | of the reference | views fp32, % | int8, % "
        "| int8 less fp32 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, final in report["finals"].items():
        row = report["networks"][name]
        times, accuracy = row["latency_ms"], final["accuracy"]
        lines.append(
            f"| {name} | {row['parameters']:,} | {times['fp32']:.3f} | {times['int8']:.3f} "
            f"| {row['share_of_reference']:.2f} ({faster(times)}) "
            f"| {_share(accuracy['fp32']['views'])} | {_share(accuracy['int8']['views'])} "
            f"| {100 * final['int8_over_fp32']['gain']:+.2f} |"
        )
    return "\n".join(lines)


def _share(score: Mapping[str, Any]) -> str:
    text = f"{100 * score['accuracy']:.1f}"
    low, high = score["accuracy_95"]
    return text if low is None else f"{text} ({100 * low:.1f}-{100 * high:.1f})"
