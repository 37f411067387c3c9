"""A bank on disk: drawn once, resumed, joined from chunks, mapped, and named by its settings."""

import fcntl
import threading
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from export.data.augment import AugmentConfig
from export.data.bank_draw import Drawing
from export.data.bank_files import chunk_path, write_chunk
from export.data.dataset import load_records
from export.data.view_bank import BankConfig, ViewBank, build_bank
from sdk.preprocess import Preprocessing

RECIPE = Preprocessing(48, 36, "letterbox", 0.2, 0.2, 0)
CONFIG = BankConfig(views_per_frame=2, seed=1, mix_share=0.5)
FIELDS = ("views", "frame_index", "targets", "matrices", "partner_index", "share")


def _bank(records, folder: Path, progress=lambda done, total: None, **changes) -> ViewBank:
    return build_bank(
        records, RECIPE, AugmentConfig(), replace(CONFIG, **changes), folder, progress
    )


def _folder(out: Path) -> Path:
    (folder,) = out.glob("bank-*")
    return folder


@pytest.fixture(scope="module")
def records(phantom_data):
    return load_records(phantom_data)[:70]  # a chunk of 64, and another one


@pytest.fixture(scope="module")
def drawn(records, tmp_path_factory) -> tuple[Path, ViewBank]:
    out = tmp_path_factory.mktemp("drawn")
    return out, _bank(records, out)


@pytest.fixture
def chunks(drawn, tmp_path) -> Path:
    """The same bank's folder in a new place, as chunks: what was left before it was joined."""
    out, bank = drawn
    folder = tmp_path / _folder(out).name
    folder.mkdir()
    for index, rows in enumerate((slice(0, 128), slice(128, 140))):
        arrays = {name: getattr(bank, name)[rows] for name in FIELDS}
        write_chunk(chunk_path(folder, index), arrays)
    return folder


def _equal(left: ViewBank, right: ViewBank) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in FIELDS)


def test_a_bank_is_opened_where_it_was_drawn(drawn, records):
    out, bank = drawn
    written = (_folder(out) / "views.npy").stat().st_mtime_ns
    assert _equal(_bank(records, out), bank)
    assert (_folder(out) / "views.npy").stat().st_mtime_ns == written
    assert {path.name for path in _folder(out).iterdir()} == {"views.npy", "origins.npz", ".lock"}


def test_chunks_of_an_interrupted_or_older_drawing_are_taken_as_they_are(drawn, records, chunks):
    with np.load(chunk_path(chunks, 1)) as file:
        arrays = dict(file)
    write_chunk(chunk_path(chunks, 1), arrays | {"views": np.zeros_like(arrays["views"])})
    seen = []
    bank = _bank(records, chunks.parent, lambda done, total: seen.append((done, total)))
    assert seen[0] == (2, 2)  # nothing was drawn
    assert np.array_equal(bank.views[:128], drawn[1].views[:128])
    assert not bank.views[128:].any()
    assert not list(chunks.glob("0*.npz"))


@pytest.mark.parametrize("missing", [0, 1])
def test_a_chunk_that_is_missing_is_drawn_as_before(drawn, records, chunks, missing):
    chunk_path(chunks, missing).unlink()
    assert _equal(_bank(records, chunks.parent), drawn[1])


def test_views_are_mapped_and_what_is_written_to_them_stays_in_memory(drawn, records, chunks):
    bank = _bank(records, chunks.parent)
    before = (chunks / "views.npy").read_bytes()
    base = bank.views
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)
    bank.views[0] = 255 - bank.views[0]
    assert (chunks / "views.npy").read_bytes() == before
    assert np.array_equal(np.load(chunks / "views.npy"), drawn[1].views)


def test_a_second_process_waits_for_the_one_that_draws(drawn, records, chunks):
    found = []
    with open(chunks / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        other = threading.Thread(target=lambda: found.append(_bank(records, chunks.parent)))
        other.start()
        other.join(0.3)
        assert not found
        assert chunk_path(chunks, 0).exists()
    other.join()
    assert _equal(found[0], drawn[1])


def test_views_of_a_frame_are_contiguous_and_label_shares_sum_to_one(records, tmp_path):
    bank = _bank(records[:6], tmp_path, views_per_frame=3)
    assert bank.frame_index.tolist() == sorted(list(range(6)) * 3)
    assert np.allclose(bank.targets.sum(axis=1), 1)
    assert bank.views.shape == (18, 36, 48)
    assert bank.views_per_frame == 3


def test_a_mixed_view_has_the_shares_of_its_two_frames_labels(drawn, records):
    bank = drawn[1]
    mixed = np.flatnonzero(bank.partner_index >= 0)
    assert 0.3 < len(mixed) / len(bank) < 0.7
    for view in mixed:
        expected = dict.fromkeys(["head", "abdomen", "femur", "background"], 0.0)
        expected[records[bank.frame_index[view]].label] += float(bank.share[view])
        expected[records[bank.partner_index[view]].label] += 1 - float(bank.share[view])
        assert bank.targets[view] == pytest.approx(list(expected.values()), abs=1e-6)


@pytest.mark.parametrize("partners", [1, 3])
def test_as_many_partners_as_the_setting_says_are_mixed_into_a_chunk(records, tmp_path, partners):
    bank = _bank(records[:20], tmp_path, mix_share=1.0, mix_partners=partners)
    assert len(set(bank.partner_index.tolist())) == partners


@pytest.mark.parametrize(
    "changes", [{"seed": 2}, {"mix_share": 0.0}, {"mix_partners": 15}, {"oversample": 1}]
)
def test_a_bank_of_other_settings_is_another_bank(records, tmp_path, changes):
    first, other = (_bank(records[:4], tmp_path, **c) for c in ({}, changes))
    assert len(list(tmp_path.glob("bank-*"))) == 2
    assert not np.array_equal(first.views, other.views)


@pytest.mark.parametrize(("frames", "count"), [(64, 2), (70, 1), (69, 2), (23, 4), (1, 70)])
def test_a_chunk_has_as_many_frames_as_the_setting_says(records, tmp_path, frames, count):
    config = replace(CONFIG, chunk_frames=frames)
    drawing = Drawing(records, RECIPE, AugmentConfig(), config, ("head",), tmp_path)
    assert len(drawing.chunks) == count


def test_settings_that_a_bank_was_drawn_without_leave_its_name(records, tmp_path):
    _bank(records[:2], tmp_path)
    # of the story before there were `chunk_frames` and `mix_partners`
    assert _folder(tmp_path).name == "bank-316acb67d8803ef0"
