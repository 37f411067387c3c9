"""A pytest plugin: Hypothesis draws the same examples each time and shrinks none that fails."""

import hypothesis
import pytest


def pytest_configure(config: pytest.Config) -> None:
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", deadline=None, database=None, phases=phases)


def pytest_collection(session: pytest.Session) -> None:  # conftest.py loaded its own by now
    hypothesis.settings.load_profile("mutants")
