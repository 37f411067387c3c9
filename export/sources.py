"""Which sources a run was made by: a commit, whether it was clean, or an installed version."""

import subprocess
from pathlib import Path

from export.checkout import CHECKOUT
from sdk import __version__

# What a student's numbers depend on. Results, looks and documents that a run itself writes don't
# make it unrepeatable; files that git doesn't know do.
WATCHED = ("sdk", "export", "cpp_ext", "constraints.txt", "pyproject.toml")
OWN_OUTPUT = ":(exclude)sdk/models"
DIRTY = "-dirty"


def sources(root: Path | None = CHECKOUT) -> str:
    """Return the full commit of the sources, `-dirty` behind it where they differ from it.

    Outside a checkout of this project (an installed wheel, whatever repository lies around it, or
    sources without their history) the version, as `sonogaze 0.1.0`.
    """
    if root is None:
        return f"sonogaze {__version__}"
    try:
        # refuses a repository that merely lies around unpacked sources
        _git(root, "ls-files", "--error-unmatch", "export/sources.py")
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *WATCHED, OWN_OUTPUT)
    except (OSError, subprocess.CalledProcessError):
        return f"sonogaze {__version__}"
    return commit + (DIRTY if changed else "")


def is_clean(made_by: str) -> bool:
    """Return whether what `sources` told names sources that anyone can get again."""
    return not made_by.endswith(DIRTY) and "unknown" not in made_by


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "--no-optional-locks", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()
