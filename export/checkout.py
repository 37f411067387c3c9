"""The checkout that this package runs from; an installed package has none."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

CHECKOUT = _ROOT if (_ROOT / "tools" / "pyproject.toml").is_file() else None
"""Its folder, or None. Nothing else may look outside the package: what lies beside an installed one
belongs to others."""
