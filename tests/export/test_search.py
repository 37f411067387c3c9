"""A search: what it draws, whom it chooses, and that it goes on where it was."""

import json

import pytest
from msgspec import structs

from export.errors import ExportError
from export.models.student import build_student, folded_parameters
from export.studies.search import run as search_run
from export.studies.search.plot import front, plot_search
from export.studies.search.run import REFERENCE, Search, finals_of, search
from export.studies.search.space import candidates_of, load_space, name_of
from export.studies.search.text import search_summary
from export.workspace import Workspace

TINY = """
recipe = "{recipe}"
objective = "ce"
seed = 3
candidates = 2
trained_below = 1.0
finals = [0.9, 1.0]
seeds = 2
[latency]
width = 64
height = 48
runs = 3
[draw]
patch = [4, 8]
stride = 16
stem = [4, 8]
blocks = [2, 3]
channels = [8, 12]
kernel = [3]
head = [16]
branches = [0, 1]
parameters = [100, 100000]
"""


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(recipe="smoke"))
    return load_space(str(path))


def test_a_space_gives_the_same_candidates_each_time_and_others_by_another_seed(space):
    drawn = candidates_of(space, 4)
    assert list(candidates_of(space, 4).items()) == list(drawn.items())
    assert set(candidates_of(structs.replace(space, seed=4), 4)) != set(drawn)
    more = candidates_of(structs.replace(space, candidates=5), 4)
    assert list(more)[:2] == list(drawn)


def test_every_candidate_lies_in_the_space(space):
    for name, network in candidates_of(structs.replace(space, candidates=12), 4).items():
        widths = [stage.channels for stage in network.stages]
        stride = network.patch
        for stage in network.stages:
            stride *= stage.stride
        assert stride == 16
        assert widths == sorted(widths)
        assert 2 <= len(widths) <= 3
        assert 100 <= folded_parameters(build_student(4, network)) <= 100_000
        assert name == name_of(network)


def test_a_space_with_too_few_students_is_refused(space, monkeypatch):
    monkeypatch.setattr("export.studies.search.space.DRAWS", 50)
    narrow = structs.replace(space, draw=structs.replace(space.draw, parameters=(1, 2)))
    with pytest.raises(ExportError, match="50 draws gave 0 candidates") as caught:
        candidates_of(narrow, 4)
    assert caught.value.slug == "search-space"


def _row(fp32_ms, int8_ms, fp32, int8):
    accuracy = {"fp32": {"views": {"accuracy": fp32}}, "int8": {"views": {"accuracy": int8}}}
    return {"latency_ms": {"fp32": fp32_ms, "int8": int8_ms}, "accuracy": accuracy}


def test_the_most_accurate_within_each_share_is_chosen_by_its_faster_precision(space):
    rows = {
        REFERENCE: _row(1.0, 2.0, 0.99, 0.99),
        "small": _row(0.5, 0.4, 0.95, 0.80),
        "right": _row(0.8, 0.5, 0.85, 0.90),
        "slow": _row(0.95, 1.0, 0.98, 0.10),
        "skipped": {"latency_ms": {"fp32": 0.1, "int8": 0.1}, "accuracy": None},
    }
    shares = {REFERENCE: 1.0, "small": 0.4, "right": 0.5, "slow": 0.95, "skipped": 0.1}
    assert finals_of(space, shares, rows) == {0.9: "right", 1.0: "slow"}
    with pytest.raises(ExportError, match=r"no candidate takes at most 0\.2") as caught:
        finals_of(structs.replace(space, finals=(0.2,)), shares, rows)
    assert caught.value.slug == "search-finals"


def test_the_front_holds_what_nothing_beats_in_both():
    assert front([(2.0, 90.0), (1.0, 80.0), (3.0, 85.0), (1.0, 70.0)]) == [(1.0, 80.0), (2.0, 90.0)]


@pytest.mark.usefixtures("data_folder")
def test_a_search_trains_scores_and_goes_on_where_it_was(space, tmp_path, monkeypatch):
    # whether a student is faster than another must not depend on this machine
    monkeypatch.setattr(Search, "share", lambda self, name: 1.0 if name == REFERENCE else 0.5)
    folder, space = tmp_path / "runs", structs.replace(space, candidates=1)
    report = search(space, Workspace.open("smoke", folder), "tiny")
    assert set(report["networks"]) == {REFERENCE, *candidates_of(space, 4)}
    assert set(report["finals"]) == {REFERENCE, *report["chosen"].values()}
    for final in report["finals"].values():
        assert len(final["accuracy"]["int8"]["views"]["by_seed"]) == 2
    assert not set(report["validation"]) & {"test", "external"}
    plot_search(report, tmp_path / "search.png")
    assert (tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")
    assert f"| {REFERENCE} |" in search_summary(report)

    def never(*_):
        raise AssertionError

    monkeypatch.setattr(search_run, "train_student", never)
    monkeypatch.setattr(search_run, "latencies_ms", never)
    again = search(space, Workspace.open("smoke", folder), "tiny")
    assert json.dumps(again) == json.dumps(report)
