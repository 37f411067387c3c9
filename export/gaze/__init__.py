"""Gaze: eye-tracker files -> samples -> fixations -> one map a frame; and simulated gaze.

Modules, in the order data passes through them: ``readers``, ``samples``, ``display``,
``fixations``, ``maps``, ``pictures``; beside them ``simulate`` and ``interest`` (nobody looked),
``controls`` and ``probe`` (what a claim about gaze is held against). See ``docs/gaze.md``.
"""

from export.gaze.controls import centre_prior, donors_among_all, donors_within_class
from export.gaze.display import Display, Placement
from export.gaze.errors import GazeError
from export.gaze.fixations import Fixation, find_fixations, fixation_mask
from export.gaze.maps import GazeMaps, MapSettings, gaussian_map, gaze_maps
from export.gaze.readers import read_gaze, write_gaze_csv
from export.gaze.samples import GazeSamples
from export.gaze.simulate import Observer, simulate_gaze
from export.studies.gaze_probe import ProbeResult, leakage_probe

__all__ = [
    "Display",
    "Fixation",
    "GazeError",
    "GazeMaps",
    "GazeSamples",
    "MapSettings",
    "Observer",
    "Placement",
    "ProbeResult",
    "centre_prior",
    "donors_among_all",
    "donors_within_class",
    "find_fixations",
    "fixation_mask",
    "gaussian_map",
    "gaze_maps",
    "leakage_probe",
    "read_gaze",
    "simulate_gaze",
    "write_gaze_csv",
]
