"""The audit log: what it says, that it stays bounded and whole, what its replay finds."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk import SdkError
from sdk.audit import AuditLog, read_log, replay
from sdk.model_file.known_answers import pattern_frame

RING = pattern_frame("ring", 160, 120)
REGION = sdk.Region.rectangle(8, 4, 140, 100)


@pytest.fixture(scope="module")
def classifier(toy_path: Path) -> sdk.Classifier:
    return sdk.Classifier(toy_path)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    noise = np.random.default_rng(4)
    moving = [np.roll(RING, shift, 1) + noise.integers(0, 9, RING.shape) for shift in range(20)]
    black = np.zeros_like(RING)
    return [*(m.astype(np.uint8) for m in moving), black, *[255 - RING] * 15]


def logged(
    classifier: sdk.Classifier, pictures: list[np.ndarray], path: Path, **options: int
) -> AuditLog:
    with AuditLog(path, **options) as log:
        stream = classifier.stream(region=REGION, audit=log)
        for picture in pictures:
            stream.push(picture)
    return log


def frames(pictures: list[np.ndarray]) -> list[sdk.Frame]:
    return [sdk.Frame.from_array(picture) for picture in pictures]


def test_a_record_says_what_was_answered_of_what(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures, tmp_path / "log")
    start, first, *rest = read_log(tmp_path / "log").records
    assert len(rest) == len(pictures) - 1
    assert start["kind"] == "start"
    assert start["model_id"] == classifier.model_id
    assert start["model_sha256"] == classifier.sha256
    assert start["labels"] == list(classifier.labels)
    frame = sdk.Frame.from_array(pictures[0], region=REGION)
    tensor = classifier.metadata.preprocessing.tensor(frame)
    assert first["input_sha256"] == hashlib.sha256(tensor.tobytes()).hexdigest()
    assert first["region"] == {"kind": "rectangle", "numbers": [8, 4, 140, 100]}
    assert (first["width"], first["height"], first["format"]) == (160, 120, "GRAY8")
    alone = classifier.classify(frame)
    assert first["frame"]["probabilities"] == list((alone.probabilities or {}).values())
    assert first["frame"]["mean"] == pytest.approx(pictures[0][4:104:3, 8:148].mean())
    assert rest[19]["stream"]["decision"] == "reject"
    assert set(first["timing"]) == set(alone.timing.to_dict())


def test_nothing_of_where_frames_came_from_is_logged(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures[:2], tmp_path / "patient-name-log")
    text = (tmp_path / "patient-name-log").read_text()
    assert "patient" not in text
    assert os.uname().nodename not in text
    assert len(text) < 5000, "and no pixels"


def test_a_replay_finds_every_answer_the_same(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures, tmp_path / "log")
    report = replay(read_log(tmp_path / "log").records, frames(pictures), classifier)
    assert report.verified
    assert (report.records, report.same, report.alone, report.unlogged) == (36, 36, 0, 0)
    assert report.facts == []


def test_a_cut_off_sector_is_logged_and_replayed_as_such(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    fan = sdk.Region.sector(70, 4, 5, 90, -50, 50, clip=(20, 10, 100, 60))
    with AuditLog(tmp_path / "log") as log:
        stream = classifier.stream(region=fan, audit=log)
        for picture in pictures[:4]:
            stream.push(picture)
    records = read_log(tmp_path / "log").records
    assert records[1]["region"]["clip"] == [20, 10, 100, 60]
    assert replay(records, frames(pictures[:4]), classifier).verified
    for record in records[1:]:
        del record["region"]["clip"]
    assert not replay(records, frames(pictures[:4]), classifier).verified


def test_a_replay_follows_resets_gaps_and_two_sessions(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    with AuditLog(tmp_path / "log") as log:
        for _ in range(2):
            stream = classifier.stream(audit=log)
            stream.push(pictures[0], 50)
            stream.push(pictures[1], 5_000_000)
            stream.reset()
            stream.push(pictures[2], 7)
    twice = frames(pictures[:3]) * 2
    report = replay(read_log(tmp_path / "log").records, twice, classifier)
    assert report.verified
    assert (report.records, report.same) == (6, 6)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("stream", "label", "other"),
        ("stream", "probabilities", [0.5, 0.5]),
        ("stream", "events", ["gap"]),
        ("frame", "confidence", 0.123),
        ("frame", "mean", 1.0),
    ],
)
def test_a_changed_answer_is_found_and_named(
    classifier: sdk.Classifier,
    pictures: list[np.ndarray],
    tmp_path: Path,
    part: str,
    field: str,
    value: object,
) -> None:
    logged(classifier, pictures, tmp_path / "log")
    records = read_log(tmp_path / "log").records
    records[4][part][field] = value
    report = replay(records, frames(pictures), classifier)
    assert not report.verified
    assert (report.different, report.same) == (1, 35)
    assert [(d.index, d.field, d.logged) for d in report.differences] == [
        (3, f"{part}.{field}", value)
    ]


def test_the_last_bit_of_a_probability_counts(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures, tmp_path / "log")
    records = read_log(tmp_path / "log").records
    values = records[4]["stream"]["probabilities"]
    values[0] = float(np.nextafter(values[0], 2))
    assert replay(records, frames(pictures), classifier).different == 1


def test_dropped_frames_are_no_difference_and_lost_ones_are_told(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, [p for i, p in enumerate(pictures[:20]) if i % 3], tmp_path / "log")
    records = read_log(tmp_path / "log").records
    report = replay(records, frames(pictures[:20]), classifier)
    assert (report.verified, report.records, report.unlogged) == (True, 13, 7)
    report = replay(records, frames(pictures[:10]), classifier)
    assert (report.verified, report.same, report.missing) == (False, 6, 7)
    report = replay(records, frames(pictures[8:20]), classifier)
    assert (report.same, report.alone, report.missing) == (8, 8, 5)


def test_another_student_is_told(
    classifier: sdk.Classifier, toy_int8_path: Path, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures[:3], tmp_path / "log")
    other = sdk.Classifier(toy_int8_path)
    report = replay(read_log(tmp_path / "log").records, frames(pictures[:3]), other)
    assert {fact.field for fact in report.facts} == {"model_id", "model_sha256", "precision"}


def test_files_are_bounded_in_size_and_number_and_each_says_whose_it_is(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    log = logged(classifier, pictures * 2, tmp_path / "log", max_bytes=8000, files=3)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"log", "log.1", "log.2"}
    assert max(sizes.values()) <= 8000
    assert log.lost == 0
    for path in tmp_path.iterdir():
        kinds = [json.loads(line)["kind"] for line in path.read_text().splitlines()]
        assert "start" in kinds[:2]
    found = read_log(tmp_path / "log")
    assert found.damaged == 0
    indexes = [record["index"] for record in found.records if record["kind"] == "frame"]
    assert indexes == list(range(indexes[0], 72))
    report = replay(found.records, frames(pictures * 2), classifier)
    assert report.different == 0


def test_a_full_disk_is_counted_and_breaks_no_line(
    classifier: sdk.Classifier,
    pictures: list[np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, calls = os.write, []

    def full(fd: int, data: bytes) -> int:
        calls.append(fd)
        if len(calls) in (4, 6):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data[:40] if len(calls) == 5 else data)

    monkeypatch.setattr(os, "write", full)
    log = logged(classifier, pictures[:9], tmp_path / "log")
    monkeypatch.undo()
    found = read_log(tmp_path / "log")
    assert (log.lost, found.damaged) == (3, 0)
    assert len([r for r in found.records if r["kind"] == "frame"]) == 6


def test_a_kill_loses_at_most_the_last_line(toy_path: Path, tmp_path: Path) -> None:
    code = f"""if True:
    import os, sdk, numpy as np
    from sdk.audit import AuditLog
    from sdk.model_file.known_answers import pattern_frame
    stream = sdk.Classifier({str(toy_path)!r}).stream(audit=AuditLog({str(tmp_path / "log")!r}))
    for _ in range(5): stream.push(pattern_frame("ring", 160, 120))
    print(stream._audit._log.written, flush=True)
    os.kill(os.getpid(), 9)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-9, "6\n"), done.stderr
    assert len(read_log(tmp_path / "log").records) == 6


def test_a_torn_line_is_skipped_and_the_next_one_is_whole(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures[:3], tmp_path / "log")
    whole = (tmp_path / "log").read_bytes()
    (tmp_path / "log").write_bytes(whole[:-100])
    logged(classifier, pictures[:2], tmp_path / "log")
    found = read_log(tmp_path / "log")
    assert (len(found.records), found.damaged) == (3 + 3, 1)


def test_one_log_has_one_writer(tmp_path: Path) -> None:
    with AuditLog(tmp_path / "log"):
        with pytest.raises(SdkError) as caught:
            AuditLog(tmp_path / "log")
        assert caught.value.slug == "audit-in-use"
    AuditLog(tmp_path / "log").close()


def test_a_forked_childs_answers_are_lost_and_counted(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    with AuditLog(tmp_path / "log") as log:
        stream = classifier.stream(audit=log)
        stream.push(pictures[0])
        if (child := os.fork()) == 0:
            stream.push(pictures[1])
            os._exit(log.lost)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        stream.push(pictures[1])
    assert len(read_log(tmp_path / "log").records) == 3


@pytest.mark.parametrize(
    ("make", "slug"),
    [
        (lambda p: AuditLog(p / "none" / "log"), "audit-unwritable"),
        (lambda p: AuditLog(p), "audit-unwritable"),
        (lambda p: AuditLog(p / "log", max_bytes=100), "audit-setting"),
        (lambda p: AuditLog(p / "log", files=0), "audit-setting"),
        (lambda p: read_log(p / "log"), "audit-unreadable"),
        (lambda p: read_log(Path(__file__)), "audit-unreadable"),
    ],
)
def test_what_cannot_be_a_log_is_an_error(tmp_path: Path, make: object, slug: str) -> None:
    with pytest.raises(SdkError) as caught:
        make(tmp_path)  # type: ignore[operator]
    assert caught.value.slug == slug


def test_damaged_records_are_counted_and_never_crash(
    classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    logged(classifier, pictures[:4], tmp_path / "log")
    records = read_log(tmp_path / "log").records
    for number, (name, value) in enumerate(
        [("region", {"kind": 3}), ("timestamp_us", "1"), ("stream", []), ("index", None)]
    ):
        records[number + 1][name] = value
    report = replay(records, frames(pictures[:4]), classifier)
    assert (report.records, report.damaged, report.verified) == (0, 4, False)


def test_the_command_verifies_a_folder_of_frames(
    toy_path: Path, classifier: sdk.Classifier, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(pictures[:5]):
        image.fromarray(picture).save(folder / f"{number}.png")
    logged(classifier, pictures[:5], tmp_path / "log")
    command = [sys.executable, "-m", "sonogaze.cli", "verify", "--model", str(toy_path)]
    command += ["--audit", str(tmp_path / "log"), "--frames", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "5 of 5 answers are the same, bit for bit; 0 differ" in done.stdout
    (folder / "2.png").unlink()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["same"], told["missing"], told["verified"]) == (4, 1, False)
