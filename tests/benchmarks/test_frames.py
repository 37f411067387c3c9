import numpy as np
import pytest
from PIL import Image

from benchmarks import frames as framing
from benchmarks.errors import BenchError
from benchmarks.frames import FrameSet, load_frames, make_ring
from benchmarks.record.build import input_facts
from benchmarks.record.jobs import FrameShape


def picture(path, level=100, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, level).save(path)


def test_a_folder_a_label_gives_labelled_frames(tmp_path):
    picture(tmp_path / "head" / "a.png")
    picture(tmp_path / "femur" / "b.jpg")
    (tmp_path / "notes.txt").write_text("no image")
    found = load_frames(tmp_path)
    assert found.kind == "folder"
    assert [(f.label, f.id) for f in found.parts["folder"]] == [
        ("femur", "femur/b.jpg"),
        ("head", "head/a.png"),
    ]
    assert [s.shape for s in found.samples] == [(30, 40), (30, 40)]


def test_bare_images_time_but_have_no_quality(tmp_path):
    picture(tmp_path / "a.png")
    found = load_frames(tmp_path)
    assert found.parts == {}
    assert "0 with a label" in found.description


def test_a_table_gives_labels_and_patients_and_drops_duplicates(tmp_path):
    for name in "abc":
        picture(tmp_path / f"{name}.png")
    rows = ["file,label,group,dup_of", "a.png,head,p1,", "b.png,head,p1,a", "c.png,,p2,"]
    (tmp_path / "frames.csv").write_text("\n".join(rows))
    found = load_frames(tmp_path)
    assert [(f.id, f.group) for f in found.parts["folder"]] == [("a.png", "p1")]
    assert len(found.samples) == 2


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(BenchError, match="no image") as caught:
        load_frames(tmp_path)
    assert caught.value.slug == "frames-missing"


def test_an_image_that_cannot_be_read_is_refused_by_name(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not an image")
    with pytest.raises(BenchError, match=r"a\.png: not readable"):
        load_frames(tmp_path)


def test_a_deep_image_is_refused_rather_than_clipped(tmp_path):
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(BenchError, match="more than 8 bits"):
        load_frames(tmp_path)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"path,label\na.png,head\n", "needs file"),
        (b"file,label\n\xff\xfe.png,head\n", "UTF-8"),
        (b"", "needs file"),
        (b"file,label\nmissing.png,head\n", "missing.png: not readable"),
    ],
    ids=["no-column", "latin-1", "empty", "missing-file"],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(tmp_path, table, words):
    (tmp_path / "frames.csv").write_bytes(table)
    with pytest.raises(BenchError, match=words) as caught:
        load_frames(tmp_path)
    assert caught.value.slug == "frames-missing"


def test_a_folder_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(BenchError, match="no such folder"):
        load_frames(tmp_path / "none")


def test_without_data_the_frames_are_the_phantom_and_say_so(monkeypatch):
    monkeypatch.setattr("export.data.dataset.find_data_root", lambda: None)
    found = load_frames(None, count=4)
    assert (found.kind, found.parts) == ("phantom", {})
    assert "synthetic" in found.description
    assert "not measured" in found.description
    assert all(s.dtype == np.uint8 and s.max() > 0 for s in found.samples)


def test_the_guarded_parts_of_the_data_set_are_patients_never_trained_on(tmp_path, monkeypatch):
    head = "file,id,label,dataset,country,group,machine,licence,source_quality,dup_of"
    rows = [f"{i}.png,{i},head,fetal_planes_db,Spain,g{i},,CC,jpg," for i in range(40)]
    rows.append("x.png,x,head,african_planes,Ghana,gx,,CC,jpg,")
    rows.append("y.png,y,head,hc18,Netherlands,gy,,CC,jpg,")
    rows += [f"n{i}.png,n{i},background,not_fetal,,n{i},,CC,jpg," for i in range(40)]
    for row in rows:
        picture(tmp_path / row.split(",")[0])
    (tmp_path / "frames.csv").write_text("\n".join([head, *rows]))
    monkeypatch.setenv("SONOGAZE_DATA", str(tmp_path))
    found = load_frames(None)
    assert found.kind == "data-set"
    assert [f.id for f in found.parts["external"]] == ["x"]
    from export.data.dataset import split_of

    assert {split_of("fetal_planes_db", f.group) for f in found.parts["test"]} == {"test"}
    assert 1 <= len(found.parts["test"]) < 40
    # other sets in the folder are no part of what the description names
    assert not [f.id for f in found.parts["test"] if f.id.startswith("n")]


def test_the_ring_holds_opaque_screens_with_the_frame_in_the_middle():
    sample = np.full((10, 10), 200, np.uint8)
    ring = make_ring([sample], FrameShape(64, 32, "BGRA32"), size=2)
    assert (ring.shape, ring.dtype) == ((2, 32, 64, 4), np.uint8)
    assert (ring[..., 3] == 255).all()
    assert (ring[:, :, 16:48, :3] == 200).all()
    assert (ring[:, :, :16, :3] == 0).all()
    assert (ring[:, :, 48:, :3] == 0).all()


@pytest.mark.parametrize("size", [(64, 64), (640, 480), (1920, 1080), (3840, 2160)])
def test_a_ring_of_any_size_is_larger_than_most_caches_and_made_of_whole_turns(size):
    width, height = size
    screens = framing.ring_size(FrameShape(width, height, "BGRA32"))
    assert screens * width * height * 4 > 33e6
    assert screens % framing.RING == 0
    assert (screens - framing.RING) * width * height * 4 < 33.2e6 or screens == framing.RING


def test_a_sample_far_flatter_than_the_screen_is_still_on_it():
    ring = make_ring([np.full((2, 4000), 200, np.uint8)], FrameShape(64, 64, "BGRA32"), size=1)
    assert (ring[0, :, :, 0] == 200).any(axis=1).sum() == 1


def test_a_run_records_the_size_of_the_screens_that_it_timed():
    shape = FrameShape(64, 32, "BGRA32")
    ring = make_ring([np.zeros((4, 4), np.uint8)], shape, size=2)
    assert input_facts(FrameSet("folder", "", []), ring).frame == shape
