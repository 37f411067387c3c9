"""The rows of a bank: a recipe's frames as outliers where it says so, and altered frames."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from export.data.alteration import Alteration, has_room_beside
from export.data.dataset import FrameRecord
from export.data.structures import Annotation
from export.recipe.settings import ErasingConfig, OutlierConfig

ROOM = (288, 448)
"""Height and width on which room beside a structure is judged: most frames' size."""


def is_kind(record: FrameRecord, kinds: Sequence[str]) -> bool:
    """Return whether a frame is of one of `kinds`: values of `fine`, or `DATASET:KIND`."""
    return bool(record.fine) and (
        record.fine in kinds or f"{record.dataset}:{record.fine}" in kinds
    )


def is_outlier(record: FrameRecord, config: OutlierConfig) -> bool:
    """Return whether a recipe calls a frame an outlier, for any share of its target."""
    if config.share == 0:
        return False
    return record.dataset in config.datasets or is_kind(record, config.kinds)


def as_rows(records: Sequence[FrameRecord], config: OutlierConfig) -> list[FrameRecord]:
    """Return the records with their share of `outlier`; groups beyond `most` are left out."""
    # counted before anything is left out: `most` is a share of the rows that are no outliers
    outliers = [r for r in records if is_outlier(r, config)]
    if config.most is not None:
        allowed = int(config.most * (len(records) - len(outliers)))
        outliers = _first_groups(outliers, allowed)
    kept = {r.id for r in outliers}
    return [
        replace(r, outlier=config.share) if r.id in kept else r
        for r in records
        if r.id in kept or not is_outlier(r, config)
    ]


def _first_groups(records: Sequence[FrameRecord], allowed: int) -> list[FrameRecord]:
    """Return whole groups in an order that says nothing, as long as they fit."""
    groups: dict[str, list[FrameRecord]] = {}
    for record in sorted(records, key=lambda r: (_draw(r.group), r.id)):
        groups.setdefault(record.group, []).append(record)
    kept: list[FrameRecord] = []
    for members in groups.values():
        # one that doesn't fit is passed over: a smaller one behind it may
        if len(kept) + len(members) <= allowed:
            kept += members
    return kept


def made_rows(rows: Sequence[FrameRecord], config: OutlierConfig) -> list[FrameRecord]:
    """Return the rows that `shuffled` and `drawn` of `[outliers]` add to `rows`."""
    shuffled, drawn = Alteration("shuffled"), Alteration("drawn")
    return [*_made(rows, shuffled, config.shuffled), *_made(rows, drawn, config.drawn)]


def _made(rows: Sequence[FrameRecord], alteration: Alteration, share: float) -> list[FrameRecord]:
    # by hash: a larger share holds every row of a smaller one, and no row depends on the others
    order = sorted(rows, key=lambda r: _draw(f"{alteration.how}:{r.id}"))
    chosen = order[: round(share * len(rows))]
    return [_altered(r, alteration, outlier=1.0, fine=alteration.how) for r in chosen]


def altered_rows(
    rows: Sequence[FrameRecord], marked: Mapping[str, Annotation], config: ErasingConfig
) -> list[FrameRecord]:
    """Return the rows that `[erasing]` adds to `rows`: erased, painted elsewhere, beside.

    Elsewhere, paint goes to frames of every label alike: to the erased frames themselves, and to
    as many frames that hold none of the structures, with shapes of the others.
    """
    erased = _erased_of(rows, marked, config)
    # without these, paint would be seen on frames of the erased labels alone, and be the cue
    plain = [r for r in rows if r.id not in marked and not _holds_structure(r, config)]
    plain = sorted(plain, key=lambda r: _draw(f"{config.seed}:{r.id}"))[: len(erased)]
    stencils = [marked[r.id].shapes for r in erased]
    added = []
    for number, record in enumerate(erased):
        shapes = marked[record.id].shapes
        gone = {"label": config.label, "outlier": config.share, "fine": "erased"}
        added.append(_altered(record, Alteration("erased", shapes, config.fills), **gone))
        # of another frame, or the paint's own shape would say "femur"
        stencil = stencils[(number + 1) % len(stencils)]
        added.append(_altered(record, Alteration("elsewhere", shapes, config.fills, stencil)))
        if config.beside and has_room_beside(shapes, *ROOM):
            added.append(_altered(record, Alteration("beside", shapes, config.fills), **gone))
    for number, record in enumerate(plain):
        stencil = stencils[number % len(stencils)]
        added.append(_altered(record, Alteration("elsewhere", (), config.fills, stencil)))
    return added


def _erased_of(
    rows: Iterable[FrameRecord], marked: Mapping[str, Annotation], config: ErasingConfig
) -> list[FrameRecord]:
    """Return the frames to erase: those marked, at most `most` of a structure."""
    found: dict[str, list[FrameRecord]] = {name: [] for name in config.structures}
    for record in sorted(rows, key=lambda r: _draw(f"{config.seed}:{r.id}")):
        annotation = marked.get(record.id)
        if annotation is None or record.outlier or annotation.structure != record.label:
            continue
        if record.label in found:
            found[record.label].append(record)
    return [record for records in found.values() for record in records[: config.most]]


def _holds_structure(record: FrameRecord, config: ErasingConfig) -> bool:
    """Return whether an unmarked frame shows a structure that paint could hide by chance."""
    return record.label in ("head", *config.structures) and not record.outlier


def _altered(record: FrameRecord, alteration: Alteration, **changes: object) -> FrameRecord:
    altered_id = f"{record.id}~{alteration.how}"
    return replace(record, id=altered_id, alteration=alteration, **changes)  # type: ignore[arg-type]


def _draw(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
