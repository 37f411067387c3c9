"""What is mutated, and which tests are asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Group:
    """Modules whose mutants the same tests are asked about.

    Attributes:
        modules: patterns of files; a file belongs to the first group that names it.
        tests: patterns of test files.
        without: of those files, the ones left out, as slow or as tests of something else.
        plugins: of pytest.
        preload: what the tests import, but nothing that is mutated.
        at_import: tests of what happens while a module is imported, which no line tells.
        unseen: patterns of modules that run in other processes, which coverage doesn't see.
        starting: ends of the names of test files that start such processes and are asked about
            those modules; all are without.
        most: mutants drawn of a module.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    at_import: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    starting: tuple[str, ...] = ("",)
    most: int = 40

    def files(self) -> list[str]:
        """Return the modules, as paths from the root."""
        return _matching(self.modules)

    def test_files(self) -> list[str]:
        """Return the test files, as paths from the root."""
        left_out = set(_matching(self.without))
        return [name for name in _matching(self.tests) if name not in left_out]


_NUMERIC = ("numpy", "scipy", "onnxruntime", "onnx", "onnx.helper", "hypothesis", "PIL.Image")
_READERS = (
    "pydicom",
    "pydicom.data",
    "simplejpeg",
    "openjpeg",
    "jpeg_ls",
    "gdcm",
    "tifffile",
    "cv2",
)
_TRAINING = ("torch", "torch.nn.functional", "cv2", "pandas", "matplotlib.pyplot", "msgspec")

# in the process that reads the file: the readers' group decodes in the tests' own
_PROCESSES = tuple(f"sdk/sources/{name}.py" for name in (
    "child", "host", "intake", "limits", "pool", "protocol", "worker"))  # fmt: skip
# run once an interpreter, so that their tests start others
_BEGIN_AND_END = tuple(f"sdk/{name}.py" for name in (
    "__init__", "_alias", "_interpreter", "_lifetime", "_signals"))  # fmt: skip
_CELLS = "tests.sdk.dicom_matrix.sampled"

GROUPS = {
    "readers": Group(
        modules=("sdk/sources/images/*.py", "sdk/sources/dicom/*.py", "sdk/sources/base.py",
                 "sdk/sources/formats.py", "sdk/codestreams/*.py"),
        tests=("tests/sdk/test_dicom_*.py", "tests/sdk/test_sources_*.py",
               "tests/sdk/test_image_rules.py", "tests/sdk/test_immutable.py",
               "tests/sdk/test_codestreams.py"),
        without=("tests/sdk/test_dicom_mutations.py",
                 "tests/sdk/test_sources_contained.py", "tests/sdk/test_sources_intake.py",
                 "tests/sdk/test_sources_protocol.py", "tests/sdk/test_sources_pool.py",
                 "tests/sdk/test_sources_worker.py"),
        plugins=("tests.mutation.in_process",),
        preload=(*_NUMERIC, *_READERS, _CELLS),
        at_import=("test_immutable.py",),
    ),
    "processes": Group(
        modules=_PROCESSES,
        tests=("tests/sdk/test_sources_contained.py", "tests/sdk/test_sources_intake.py",
               "tests/sdk/test_sources_protocol.py", "tests/sdk/test_sources_pool.py",
               "tests/sdk/test_sources_worker.py", "tests/sdk/test_fork.py",
               "tests/sdk/test_source_limits.py", "tests/sdk/test_intake_folders.py"),
        preload=(*_NUMERIC, *_READERS),
        unseen=("sdk/sources/child.py", "sdk/sources/limits.py", "sdk/sources/worker.py"),
        most=20,
    ),
    "cli": Group(
        modules=("sdk/cli/*.py",),
        tests=("tests/sdk/cli/test_*.py", "tests/sdk/test_cli*.py",
               "tests/sdk/pages/test_report_command.py", "tests/sdk/pages/test_live.py",
               "tests/sdk/audit/test_audit.py",
               "tests/sdk/audit/test_verify_command.py", "tests/sdk/test_kernel_choice.py",
               "tests/sdk/stream/test_stream.py"),
        preload=(*_NUMERIC, *_READERS, "typer", "rich.console", "rich.progress"),
        # what it does with the process's own descriptors is tested in processes of its own
        unseen=("sdk/cli/output.py", "sdk/cli/__init__.py", "sdk/cli/__main__.py"),
        starting=("test_cli.py", "test_cli_output.py", "test_cli_screen.py", "cli/test_output.py"),
        most=15,
    ),
    "interpreter": Group(
        modules=_BEGIN_AND_END,
        tests=("tests/sdk/test_two_names.py", "tests/sdk/test_public_names.py",
               "tests/sdk/test_interpreter_end.py", "tests/sdk/test_fork.py",
               "tests/sdk/test_pickling.py", "tests/sdk/test_signals.py",
               "tests/sdk/test_lifetime.py", "tests/sdk/test_postponed.py",
               "tests/sdk/test_subinterpreters.py"),
        preload=_NUMERIC,
        unseen=_BEGIN_AND_END,
        most=20,
    ),
    "shapes": Group(
        modules=("sdk/model_file/shapes/*.py",),
        tests=("tests/sdk/test_onnx_*.py", "tests/sdk/test_model_file.py",
               "tests/sdk/test_model_differential.py"),
        preload=_NUMERIC,
        most=30,
    ),
    "runtime": Group(
        modules=("sdk/*.py", "sdk/model_file/*.py", "sdk/sources/*.py"),
        tests=("tests/sdk/test_*.py",),
        without=("tests/sdk/test_dicom_*.py", "tests/sdk/test_sources_*.py",
                 "tests/sdk/test_model_differential.py", "tests/sdk/test_interpreter_end.py"),
        preload=(*_NUMERIC, *_READERS, *_TRAINING),
        at_import=("test_immutable.py",),
        most=60,
    ),
    "gaze": Group(
        modules=("export/gaze/readers/*.py",),
        tests=("tests/export/gaze/test_*.py",),
        without=("tests/export/gaze/test_mutations.py",),
        preload=(*_NUMERIC, *_TRAINING, "mne"),
    ),
    "training": Group(
        modules=("export/distill/*.py", "export/models/gaze_gate.py"),
        tests=("tests/export/test_losses.py", "tests/export/test_training.py",
               "tests/export/test_training_rules.py", "tests/export/test_gaze_gate.py",
               "tests/export/test_models.py"),
        preload=(*_NUMERIC, *_READERS, *_TRAINING),
    ),
}  # fmt: skip


def group_of(module: str) -> str:
    """Return the name of the group that a module belongs to."""
    return next(name for name, group in GROUPS.items() if module in group.files())


def unseen(group: str, module: str) -> bool:
    """Return whether coverage can't tell which test reaches a module's lines."""
    return module in _matching(GROUPS[group].unseen)


def _matching(patterns: tuple[str, ...]) -> list[str]:
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found)
