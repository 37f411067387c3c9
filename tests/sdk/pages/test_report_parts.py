"""What a report keeps of a clip of any length: points, spans, key frames, and where marks lie."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import sdk
from sdk.report.key_frames import KeyFrames
from sdk.report.plot import plot_of
from sdk.report.timeline import MOST_SPANS, Timeline
from tests.sdk.pages.answers import LABELS, answer

FRAME = sdk.Frame.from_array(np.full((60, 80), 99, np.uint8))


def timeline(answers, most_points=8):
    kept = Timeline(LABELS, most_points)
    for one in answers:
        kept.add(one)
    return kept


@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 17, 1000])
def test_points_stay_few_and_hold_every_frame_once(count):
    kept = timeline(answer(i) for i in range(count))
    assert len(kept.points) <= 8
    assert sum(point.frames for point in kept.points) == count
    assert {point.frames for point in kept.points[:-1]} <= {kept.frames_a_point}
    edges = [(point.first_us, point.last_us) for point in kept.points]
    assert edges[0][0] == 0
    assert edges[-1][1] == (count - 1) * 40_000
    assert all(end + 40_000 == begin for (_, end), (begin, _) in pairwise(edges))


def test_a_point_of_many_frames_keeps_lowest_mean_and_highest():
    shares = np.random.default_rng(3).random(64)
    kept = timeline([answer(i, share) for i, share in enumerate(shares)])
    for place, point in enumerate(kept.points):
        part = shares[place * kept.frames_a_point :][: kept.frames_a_point]
        assert point.low[0] == part.min()
        assert point.high[0] == part.max()
        assert point.total[0] / point.classified == pytest.approx(part.mean())


def test_rejected_frames_leave_a_gap_and_count_in_no_probability():
    answers = [answer(0, 0.5), answer(1, None, reason="no-signal"), answer(2, 0.7)]
    kept = timeline(answers)
    (lane, _) = plot_of(kept, []).lanes
    assert lane.line.count("M") == lane.band.count("M") == 2
    joined = timeline(answers, most_points=2).points[0]
    assert (joined.frames, joined.classified, joined.low[0]) == (2, 1, 0.5)


def test_spans_are_runs_of_one_answer_and_those_left_out_are_counted():
    flicker = [answer(i, label=LABELS[i % 2]) for i in range(MOST_SPANS + 30)]
    kept = timeline(flicker)
    assert len(kept.spans) == MOST_SPANS
    assert kept.more_spans == 30
    words = timeline([answer(0), answer(1), answer(2, label=None), answer(3)]).spans
    assert [(span.state[1], span.frames) for span in words] == [
        ("head", 2), ("low-confidence", 1), ("head", 1),
    ]  # fmt: skip


def keys_of(answers, most):
    kept, keys = Timeline(LABELS), KeyFrames(most)
    for one in answers:
        keys.add(kept.add(one), one, FRAME)
    return keys.finish()


def test_key_frames_are_the_surest_of_the_longest_spans_in_order():
    runs = [(LABELS[i % 2], length) for i, length in enumerate([3, 1, 5, 2, 4])]
    answers = []
    for label, length in runs:
        for step in range(length):
            answers.append(answer(len(answers), 0.6 + 0.01 * (step == length // 2), label))
    chosen = keys_of(answers, 3)
    assert [key.span.frames for key in chosen] == [3, 5, 4]
    assert [key.answer.index - key.span.first_index for key in chosen] == [1, 2, 2]
    assert keys_of(answers, 0) == []


def test_marks_never_overlap_nor_leave_the_plot():
    kept = timeline([answer(i) for i in range(100)], 800)
    chosen = keys_of([answer(i, label=LABELS[i % 2]) for i in range(95, 100)], 12)
    marks = plot_of(kept, chosen).marks
    places = [mark.shown_at for mark in marks]
    assert len(marks) == 5
    assert min(np.diff(places)) >= 8 - 1e-9
    assert places[0] >= 0
    assert places[-1] + 8 <= 100


def test_blocks_cover_the_whole_plot_and_neighbours_differ():
    answers = [answer(i, label="head" if i % 50 < 30 else None) for i in range(200)]
    blocks = plot_of(timeline(answers, 800), []).blocks
    assert len(blocks) == 8
    assert sum(block.width for block in blocks) == pytest.approx(1000, abs=0.1)


def test_pictures_show_nothing_outside_the_region(toy_path):
    pixels = np.full((120, 160), 255, np.uint8)  # as text would be, all around the image
    pixels[30:90, 40:120] = np.random.default_rng(1).integers(20, 90, (60, 80))
    frame = sdk.Frame.from_array(pixels, region=sdk.Region.rectangle(40, 30, 80, 60))
    stream = sdk.Classifier(toy_path).stream()
    told, kept, keys = stream.push(frame), Timeline(stream.classifier.labels), KeyFrames(1)
    keys.add(kept.add(told), told, frame)
    (key,) = keys.finish()
    picture = np.asarray(Image.open(io.BytesIO(key.plain)).convert("L"))
    assert picture.shape == (60, 80)
    assert picture.max() < 140
    assert key.attention is not None
