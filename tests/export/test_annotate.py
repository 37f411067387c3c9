"""Annotation: proposals find what was drawn, decisions mean what they say, readings agree."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from export.annotate.agreement import against_landmarks, agreement, overlap
from export.annotate.decisions import read_decisions
from export.annotate.proposals import Proposed, Work, propose_all
from export.annotate.propose import PROPOSALS, propose
from export.annotate.sheets import COLOURS, draw_sheets, draw_tile
from export.commands import app
from export.data.dataset import load_records, split_of
from export.data.phantom import phantom_frame, write_phantom_set
from export.data.phantom.structures import annotation_of
from export.data.shapes import Ellipse, Line
from export.data.structures import (
    ANNOTATIONS,
    Annotation,
    AnnotationFile,
    read_annotations,
    structures_of,
    write_annotations,
)
from export.errors import ExportError

BONE = Line(0.2, 0.3, 0.8, 0.4, 0.03)
BODY = Ellipse(0.5, 0.35, 0.5, 0.4, 20.0)
WORK = Work("own", "femur", (Proposed("a", "a.png", 0.75, (BONE, BONE.moved(0, 0.2))),) * 3)


def _drawn(shape, height=240, width=320) -> np.ndarray:
    rng = np.random.default_rng(0)
    frame = rng.rayleigh(30, (height, width))
    if isinstance(shape, Line):
        frame[shape.mask(height, width)] = 220
    else:
        frame[shape.mask(height, width, 0.008) & ~shape.mask(height, width, -0.008)] = 220
    return np.clip(frame, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("structure", "shape"), [("femur", BONE), ("abdomen", BODY)])
def test_a_bright_line_or_ring_in_speckle_is_the_first_proposal(structure, shape):
    found = propose(structure, _drawn(shape))
    assert 1 <= len(found) <= PROPOSALS == len(COLOURS)
    ours, drawn = (Annotation("x", structure, "accepted", (s,)) for s in (found[0], shape))
    assert overlap(ours, drawn) > 0.8


def test_a_phantoms_bone_is_mostly_among_the_proposals():
    hits = []
    for seed in range(8):
        frame = phantom_frame("femur", seed=seed)
        truth = annotation_of(frame, "x")
        hits.append(
            any(
                overlap(truth, Annotation("x", "femur", "accepted", (line,))) > 0.5
                for line in propose("femur", frame.pixels)
            )
        )
    assert sum(hits) >= 5


def test_an_even_frame_has_proposals_or_none_but_no_error():
    for structure in ("femur", "abdomen"):
        assert len(propose(structure, np.zeros((64, 90), np.uint8))) <= PROPOSALS


def test_the_test_part_is_never_proposed(phantom_data):
    work = propose_all(load_records(phantom_data), "fetal_planes_db", "femur")
    groups = {f"P{int(frame.id[1:4]):03d}" for frame in work.frames}
    assert len(groups) > 10
    assert all(split_of("fetal_planes_db", group) in ("train", "val") for group in groups)
    with pytest.raises(ExportError, match="no frame of 'other' is labelled 'femur'") as caught:
        propose_all(load_records(phantom_data), "other", "femur")
    assert caught.value.slug == "annotation-none"


def _decided(tmp_path: Path, lines: str, work: Work = WORK):
    path = tmp_path / "decisions.csv"
    path.write_text("number,decision\n" + lines)
    return read_decisions(path, work)


def test_decisions_accept_join_draw_and_reject(tmp_path):
    found = _decided(tmp_path, "2,x\n0,1+2\n1,2+10 20 30 40\n")
    assert [a.how for a in found] == ["accepted", "corrected", "rejected"]
    assert found[0].shapes == (BONE, Line(0.2, 0.5, 0.8, 0.6, 0.03))
    assert found[1].shapes[1] == Line(0.1, 0.15, 0.3, 0.3, 0.03)  # percent of a height of 0.75
    assert found[2].shapes == ()


def test_a_box_of_percentages_is_the_ellipse_that_fills_it(tmp_path):
    work = Work("own", "abdomen", (Proposed("a", "a.png", 0.5, ()),))
    (found,) = _decided(tmp_path, "0,10 20 50 100\n", work)
    assert found.shapes == (Ellipse(0.3, 0.3, 0.4, 0.4, 0.0),)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0,3", "proposal 3; allowed: 1 to 2"),
        ("0,0", "proposal 0"),
        ("0,1 2 3", "allowed: four numbers"),
        ("0,1 2 3 nan", "allowed: four numbers"),
        ("0,1 2 3 200", "allowed: four numbers"),
        ("3,1", "number 3; allowed: 0 to 2"),
        ("0,1\n0,1", "number 0; allowed"),
        ("0,one", "could not convert"),
        ("0", "number|decision"),
    ],
)
def test_a_decision_that_means_nothing_is_refused_with_its_line(tmp_path, line, told):
    with pytest.raises(ExportError, match=rf"decisions.csv, line \d: .*{told}") as caught:
        _decided(tmp_path, line + "\n")
    assert caught.value.slug == "annotation-decision"


def test_identical_readings_overlap_whole_and_distant_ones_not_at_all():
    one, other = (
        Annotation("a", "femur", "accepted", (line,)) for line in (BONE, BONE.moved(0, 0.3))
    )
    assert overlap(one, one) == 1
    assert overlap(one, other) == 0
    report = agreement({"a": one}, {"a": other, "b": one})
    assert report["femur"]["frames"] == 1
    assert report["femur"]["distance_median"] == pytest.approx(0.3)
    with pytest.raises(ExportError, match="no frame is in both"):
        agreement({"a": one}, {"b": one})


def test_landmarks_at_a_bones_ends_have_no_distance_and_lie_inside():
    reading = Annotation("a", "femur", "accepted", (BONE,))
    points = {"a": {"fl_1": (0.2, 0.4), "fl_2": (0.8, 0.4 / 0.75)}}  # y relative to the height
    report = against_landmarks([reading], points, {"a": 0.75})["femur"]
    assert report["landmark_to_outline_median"] == pytest.approx(0, abs=1e-9)
    assert report["landmarks_middle_covered"] == 1


def test_annotations_are_read_as_they_were_written_a_frame_a_line(tmp_path):
    marked = Annotation("a", "femur", "accepted", (BONE, BODY))
    frames = (marked, Annotation("b", "head", "rejected"))
    file = AnnotationFile(1, "own", "own", "s", "m", "w", frames)
    write_annotations(tmp_path / "a.json", file)
    assert read_annotations(tmp_path / "a.json") == file
    assert list(file.marked) == ["a"]
    lines = (tmp_path / "a.json").read_text().splitlines()
    assert sum('"id":' in line for line in lines) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"how": "accepted"}, "it has shapes unless it is rejected"),
        ({"shapes": [{"type": "line", "x1": 9, "y1": 0, "x2": 0, "y2": 0, "width": 1}]}, "x1"),
        ({"structure": "liver"}, "structure"),
        ({"more": 1}, "unknown field"),
    ],
)
def test_a_file_that_says_more_or_less_than_it_may_is_refused(tmp_path, change, told):
    row = {"id": "a", "structure": "femur", "how": "rejected"} | change
    told_by = {"format": 1, "dataset": "d", "licence": "l", "source": "s", "made_by": "m"}
    text = json.dumps({**told_by, "method": "w", "frames": [row]})
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ExportError, match=told) as caught:
        read_annotations(tmp_path / "a.json")
    assert caught.value.slug == "annotation-file"


def test_a_frame_that_is_there_twice_is_refused(tmp_path):
    frames = (Annotation("a", "femur", "rejected"),) * 2
    write_annotations(tmp_path / "a.json", AnnotationFile(1, "d", "l", "s", "m", "w", frames))
    with pytest.raises(ExportError, match="femur of 'a' is there twice"):
        read_annotations(tmp_path / "a.json")


def test_the_committed_annotations_are_of_training_and_validation_patients_alone():
    paths = sorted(ANNOTATIONS.rglob("*.json"))
    assert len(paths) == 5
    for path in paths:
        file = read_annotations(path)
        assert file.licence == "CC BY 4.0"
        splits = {split_of("fetal_planes_db", a.id.split("_")[0]) for a in file.frames}
        assert splits <= {"train", "val"}
    found = structures_of(None, ("head", "femur", "abdomen"))
    assert len(found) == 602
    assert all(a.shapes for a in found.values())


def test_second_readings_agree_with_the_first_and_are_not_trained_on():
    for structure, least in (("femur", 0.75), ("abdomen", 0.85)):
        name = f"fetal_planes_db-{structure}.json"
        second = read_annotations(ANNOTATIONS / "second" / name).marked
        first = read_annotations(ANNOTATIONS / name).marked
        report = agreement(first, second)[structure]
        assert report["frames"] >= 35
        assert report["dice_median"] > least
        assert report["share_above_half"] == 1
        # one abdomen was corrected to what the second reading saw
        same = [i for i in first.keys() & second.keys() if first[i].shapes == second[i].shapes]
        assert len(same) == (structure == "abdomen")
        used = structures_of(None, (structure,))
        assert {i: a.shapes for i, a in used.items()} == {i: a.shapes for i, a in first.items()}


def test_sheets_number_their_tiles_and_a_blind_one_shows_no_shape(tmp_path, phantom_data):
    work = propose_all(load_records(phantom_data), "fetal_planes_db", "femur")
    frames = dict(enumerate(work.frames[:3]))
    (shown,), (blind,) = (draw_sheets(frames, tmp_path, n, n == "blind") for n in ("s", "blind"))
    assert (shown.name, blind.name) == ("s-000.png", "blind-000.png")
    assert shown.read_bytes() != blind.read_bytes()
    frame = np.zeros((96, 128), np.uint8)
    tiles = [draw_tile(frame, s, number) for s, number in (((), 1), ((), 2), ((BONE,), 1))]
    assert all(tile.shape == (224, 320, 3) for tile in tiles)
    assert np.any(tiles[0] != tiles[1])
    assert np.any(tiles[0] != tiles[2])


def test_the_whole_path_by_commands(tmp_path, monkeypatch):
    """Propose, decide, collect; the file beside the table is then known to recipes."""
    data = write_phantom_set(tmp_path / "data", 8, size=(96, 128))
    truth = {i: a for i, a in structures_of(data, ("femur",)).items() if i.startswith("femur_00")}
    monkeypatch.setenv("SONOGAZE_DATA", str(data))
    runner, work = CliRunner(), str(tmp_path / "work")
    done = runner.invoke(app, ["annotate", "propose", work, "--structure", "femur"])
    assert done.exit_code == 0, done.output
    (tmp_path / "d.csv").write_text("number,decision\n0,10 10 50 20\n")
    words = ["--made-by", "a test", "--method", "none", "--source", "phantom"]
    out = tmp_path / "a.json"
    done = runner.invoke(
        app, ["annotate", "collect", work, str(tmp_path / "d.csv"), "-o", str(out), *words]
    )
    assert done.exit_code == 0, done.output
    assert "1 frames" in done.output
    assert set(read_annotations(out).marked) <= set(truth)
    done = runner.invoke(app, ["annotate", "agree", str(out), str(data / "structures.json")])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["femur"]["frames"] == 1
    assert runner.invoke(app, ["annotate", "blind", work, "--first", "99"]).exit_code != 0
