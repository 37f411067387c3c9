"""Constants that change what is learned, so that digests can hold them.

A module that needs one imports it from here; `export.recipe.digests` hashes their values, so that
a run made with other constants is another run.
"""

from msgspec import Struct


class MapProjection(Struct, frozen=True):
    """How a teacher's middle map becomes what students are compared with.

    Attributes:
        block: index of EfficientNet-Lite0's block whose output is taken, at a 16th of the frame's
            size; of its larger variants it is the last block of the same stage.
        components: principal components kept of its channels.
        views: views that the components are fitted on.
    """

    block: int = 10
    components: int = 16
    views: int = 512


class ViewDrawing(Struct, frozen=True):
    """How a bank of views is drawn, see `export.data.view_bank`.

    Attributes:
        format: of the files; another number draws the bank anew.
        oversample: how many times larger a view is drawn, then reduced by the SDK's kernel.
        chunk_frames: frames that are drawn by one seed, and written together.
        mix_partners: frames, of all, that those of a chunk are mixed with.
    """

    format: int = 2
    oversample: int = 2
    chunk_frames: int = 64
    mix_partners: int = 16


class PredictedGaze(Struct, frozen=True):
    """How landmarks become simulated gaze on every frame, see `export.gaze.predicted`.

    Attributes:
        grid: width and height of interest and gaze maps.
        input: width and height, pixels, that frames are stretched to for the features.
        blocks: of the ImageNet network whose outputs are the features, at strides 8 and 16.
        folds: of patients; a patient's places come from a fit without them.
        ridge: penalty on the squared weights.
        sigma: of a landmark's blob, share of the frame's width.
        peaks: places that the observer looks at, at most.
        look_s: how long, in seconds.
        display_px, pixel_pitch_mm, viewing_distance_mm: of the simulated display.
    """

    grid: tuple[int, int] = (24, 18)
    input: tuple[int, int] = (384, 288)
    blocks: tuple[int, ...] = (4, 10)
    folds: int = 5
    ridge: float = 30.0
    sigma: float = 0.04
    peaks: int = 6
    look_s: float = 3.0
    display_px: tuple[int, int] = (1920, 1080)
    pixel_pitch_mm: float = 0.2665
    viewing_distance_mm: float = 620.0


VIEW_DRAWING = ViewDrawing()
MAP_PROJECTION = MapProjection()
PREDICTED_GAZE = PredictedGaze()

INT8_WEIGHTS = "int8"
"""Type of an int8 student's weights: signed."""
