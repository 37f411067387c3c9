"""How a teacher takes gaze: worked out by hand, and as the network without it."""

import pytest
import torch

from export.models.gaze_gate import GazeGate, foveate, relative_gaze
from export.models.teacher import build_teacher

FRAMES = torch.rand(2, 1, 48, 64, generator=torch.Generator().manual_seed(0))
GAZE = torch.zeros(2, 6, 8)
GAZE[0, 1, 2] = 1.0  # the second frame was not looked at


def test_the_gate_scales_and_shifts_by_gaze_less_its_mean():
    gate = GazeGate(1)
    gate.scale.data.fill_(2.0)
    gate.shift.data.fill_(10.0)
    x = torch.tensor([[[[1.0, 3.0]]]])
    gaze = torch.tensor([[[4.0, 0.0]]])  # relative to its peak 1, 0; less the mean +-1/2
    expected = torch.tensor([[[[1.0 + 1 + 5, 3 - 3 - 5]]]])
    assert torch.allclose(gate(x, gaze), expected)


@pytest.mark.parametrize("way", ["modulate", "foveate"])
def test_without_gaze_the_teacher_sees_the_frame_alone(way):
    torch.manual_seed(0)
    teacher = build_teacher(imagenet=True, gaze_way=way).eval()
    for gate in teacher.gates.values():
        torch.nn.init.normal_(gate.scale)
        torch.nn.init.normal_(gate.shift)
    with torch.no_grad():
        alone, looked = teacher(FRAMES), teacher(FRAMES, GAZE)
        zeros = teacher(FRAMES, torch.zeros_like(GAZE))
    assert torch.equal(alone, zeros)
    assert torch.allclose(alone[1], looked[1], atol=1e-5)
    assert (alone[0] - looked[0]).abs().max() > 1e-3


def test_a_gated_teacher_starts_as_the_plain_one():
    torch.manual_seed(0)
    gated = build_teacher(gaze_way="modulate").eval()
    plain = build_teacher().eval()
    plain.load_state_dict(gated.state_dict(), strict=False)
    with torch.no_grad():
        assert torch.equal(gated(FRAMES, GAZE), plain(FRAMES))


def test_a_foveated_frame_is_sharp_where_gaze_peaks_and_blurred_far_from_it():
    view = foveate(FRAMES, GAZE)
    peak = (slice(11, 13), slice(19, 21))  # centre of cell (1, 2) on the frame
    assert torch.allclose(view[0, 0][peak], FRAMES[0, 0][peak], atol=0.1)
    far = (slice(30, 48), slice(40, 64))
    assert view[0, 0][far].std() < 0.3 * FRAMES[0, 0][far].std()
    assert torch.equal(view[1], FRAMES[1])


def test_gaze_of_frames_side_by_side_peaks_at_one_on_each():
    gaze = torch.zeros(2, 6, 8)
    gaze[0, 1, 2], gaze[1, 4, 6] = 0.25, 40.0
    grid = relative_gaze(gaze, 6, 8)
    assert grid.shape == (2, 1, 6, 8)
    torch.testing.assert_close(grid[:, 0], (gaze > 0).float())


def test_gaze_on_a_coarser_grid_is_the_mean_of_its_cells():
    # a lone point between the sampling points of a coarse grid must not vanish
    gaze = torch.zeros(1, 12, 16)
    gaze[0, 4, 4] = 1.0
    grid = relative_gaze(gaze, 3, 4)[0, 0]
    assert grid.argmax() == 1 * 4 + 1
    assert grid.max() == 1.0


def test_a_map_that_is_taller_than_wide_keeps_its_places():
    gate = GazeGate(1)
    gate.shift.data.fill_(1.0)
    gaze = torch.zeros(1, 4, 2)
    gaze[0, 3, 0] = 1.0
    moved = gate(torch.zeros(1, 1, 4, 2), gaze)
    assert moved.shape == (1, 1, 4, 2)
    assert moved[0, 0].argmax() == 3 * 2
    tall = torch.rand(1, 1, 64, 32, generator=torch.Generator().manual_seed(1))
    assert foveate(tall, gaze).shape == tall.shape
