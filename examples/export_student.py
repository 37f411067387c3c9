"""Export your own student, from a folder of frames to a file that the SDK runs.

Here the frames are synthetic phantoms and the recipe is `smoke`, which takes seconds and learns
next to nothing. For a real student, use a folder with your frames and a `labels.csv` (columns
file, label, group), and a copy of `export/recipes/default.toml` as the recipe.

Usage: ``python examples/export_student.py [DIRECTORY]``.
"""

import os
import sys
from pathlib import Path

import sdk
from export.data.phantom import phantom_frame, write_phantom_set
from export.release.release import release
from export.workspace import Workspace


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0] if arguments else "out/my-student")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "frames").exists():
        write_phantom_set(folder / "frames", count=120, size=(96, 128))
    os.environ["SONOGAZE_DATA"] = str(folder / "frames")
    # two epochs teach next to nothing: these gates are waived by name, for all to see
    why = "two epochs on synthetic frames"
    names = ("sources", "better-than-guessing", "every-label", "teacher-gap", "int8-loss")
    waivers = [f"{gate}={why}" for gate in (*names, "calibration")]
    student = Workspace.open("smoke", folder / "runs").student("kd", seed=1)
    release(student, folder / "release", waivers)
    classifier = sdk.Classifier(folder / "release" / "smoke-fp32.onnx")
    result = classifier.classify(phantom_frame("head", seed=7).pixels)
    print(f"{classifier.model_id}: {result.probabilities}")


if __name__ == "__main__":
    main(sys.argv[1:])
