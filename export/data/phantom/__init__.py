"""A procedural ultrasound phantom: synthetic frames and cines with ground truth, NumPy only.

For tests, demonstrations, streams and gaze of a clean licence. It is synthetic and looks only
roughly like a fetus: a score on it says nothing of real frames.
"""

from export.data.phantom.errors import PhantomError
from export.data.phantom.frames import LABELS, PhantomFrame, phantom_cine, phantom_frame
from export.data.phantom.truth import Ellipse, Line, PhantomTruth, Point, Sector
from export.data.phantom.write import write_phantom_set

__all__ = [
    "LABELS",
    "Ellipse",
    "Line",
    "PhantomError",
    "PhantomFrame",
    "PhantomTruth",
    "Point",
    "Sector",
    "phantom_cine",
    "phantom_frame",
    "write_phantom_set",
]
