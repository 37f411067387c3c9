"""The matrix at length: `python -m tests.sdk.dicom_matrix.run -o RESULT.json`.

Needs Debian's dcmtk; run from the project's root, with its environment.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sdk.dicom_matrix import compare, independent
from tests.sdk.dicom_matrix.cells import Cell, cells
from tests.sdk.dicom_matrix.sampled import sample

Counts = collections.Counter[str]


def _count(name: str, outcome: str, cell: Cell, counts: Counts, differing: list[str]) -> None:
    counts[outcome] += 1
    if outcome == "differs":
        differing.append(f"{name}: {cell}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=int, default=40_000)
    parser.add_argument("--dcmtk", type=int, default=3_000)
    parser.add_argument("--gdcm", type=int, default=600)
    parser.add_argument("--made", type=int, default=300, help="native cells that dcmtk rewrites")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    began, differing = time.monotonic(), []
    picked = sample(max(arguments.reference, 60_000), arguments.seed)
    results: dict[str, Counts] = collections.defaultdict(collections.Counter)
    for seed, cell in enumerate(picked[: arguments.reference]):
        outcome = compare.against_reference(cell, seed)
        _count("reference", outcome, cell, results["numpy reference"], differing)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown = [cell for cell in picked if independent.dcmtk_shows(cell)][: arguments.dcmtk]
        for seed, cell in enumerate(shown):
            outcome = compare.against_dcmtk(cell, seed, folder)
            _count("dcmtk", outcome, cell, results["dcmtk renders"], differing)
        read = [cell for cell in picked if independent.gdcm_reads(cell)][: arguments.gdcm]
        for seed, cell in enumerate(read):
            outcome = compare.against_gdcm(cell, seed, folder)
            _count("gdcm", outcome, cell, results["gdcm reads"], differing)
        native = [cell for cell in picked if cell.syntax in ("explicit", "explicit-ow")]
        for seed, cell in enumerate(native[: arguments.made]):
            for maker, outcome in compare.made_by_dcmtk(cell, seed, folder).items():
                _count(maker, outcome, cell, results[f"made by dcmtk: {maker}"], differing)
    version = independent.run("dcm2pnm", "--version").stdout.splitlines()[:1]
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    record = {
        "what": "DICOM files of every allowed combination, held against a slow reference and "
        "independent decoders",
        "command": "python -m tests.sdk.dicom_matrix.run " + " ".join(sys.argv[1:]),
        "commit": commit,
        "dcmtk": version,
        "cells in all": sum(1 for _ in cells()),
        "seed": arguments.seed,
        "results": {name: dict(counts) for name, counts in sorted(results.items())},
        "differing": differing,
        "seconds": round(time.monotonic() - began),
    }
    arguments.output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record["results"], indent=1), len(differing), "differ")


if __name__ == "__main__":
    main()
