from itertools import combinations

import numpy as np
import pytest

from benchmarks.report.labels import Box, Label, around, place_labels
from benchmarks.report.tradeoffs import Point, _bar, _published_point, name_others, published
from export import drawing


def boxes(texts):
    return [Box(e.x0, e.y0, e.x1, e.y1) for e in (text.get_window_extent() for text in texts)]


def overlaps(texts):
    return [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in combinations(zip(texts, boxes(texts), strict=True), 2)
        if one.meets(other)
    ]


def drawn(points):
    with drawing.axes(height=4.6) as axes:
        for point in points:
            axes.plot(point.cost, point.accuracy, "_")
            axes.vlines(point.cost, point.low, point.high)
        axes.set_xscale("log")
        axes.margins(0.12)
        texts = name_others(axes, points)
        axes.figure.draw_without_rendering()
        return axes, texts, boxes(texts)


def test_names_of_published_networks_cover_neither_each_other_nor_a_bar():
    points = [_published_point(network) for network in published()["networks"]]
    ours = [Point(f"student-{n}", 0.1 * 2**n, 75 + n, 70, 80) for n in range(4)]
    axes, texts, placed = drawn([*points, *ours])
    assert len(texts) == len(points) == 6
    assert overlaps(texts) == []
    assert not [box for box in placed for p in points + ours if box.meets(_bar(axes, p))]


@pytest.mark.parametrize("seed", range(8))
def test_no_two_labels_overlap_however_near_their_points_are(seed):
    random = np.random.default_rng(seed)
    costs, accuracies = 10 ** random.normal(1, 0.15, 10), random.normal(75, 2, 10)
    points = [
        Point(f"network {n}", cost, accuracy, accuracy - 1, accuracy + 1, ours=False)
        for n, (cost, accuracy) in enumerate(zip(costs, accuracies, strict=True))
    ]
    _axes, texts, _placed = drawn(points)
    assert overlaps(texts) == []


def test_this_sees_labels_that_overlap():
    with drawing.axes() as axes:
        axes.set(xlim=(0, 10), ylim=(0, 10))
        texts = [axes.annotate(name, (5, 5)) for name in ("one", "another")]
        axes.figure.draw_without_rendering()
        assert overlaps(texts) == [("one", "another")]


def test_a_label_stays_inside_the_axes_and_names_its_point():
    with drawing.axes() as axes:
        axes.plot([0, 10], [0, 10], "o")
        corner = Label("at the very corner", 10, 10)
        (text,) = place_labels(axes, [corner], [around(axes, 10, 10)])
        window = axes.get_window_extent()
        (box,) = boxes([text])
        assert box.inside(Box(window.x0, window.y0, window.x1, window.y1))
        assert (text.get_text(), text.xy) == ("at the very corner", (10, 10))
