"""What a scenario is called in reports, tables and pages; a figure's own key never changes."""

from __future__ import annotations

BACK_TO_BACK = "back to back"


def scenario_name(key: str) -> str:
    """Return a scenario in words, as ``paced, 30 fps``; empty for a key that is none.

    Args:
        key: the second part of a figure's id, as ``paced-30fps``.
    """
    task, *details = key.split("-")
    pace = [detail.replace("fps", " fps") for detail in details if detail.endswith("fps")]
    if task == "single_stream":
        return BACK_TO_BACK
    if task == "paced":
        return ", ".join(["paced", *pace])
    if task == "multi_stream":
        streams = [detail.replace("streams", " streams") for detail in details[1:]]
        return ", ".join([*streams, *(f"{each} each" for each in pace)])
    return ""
