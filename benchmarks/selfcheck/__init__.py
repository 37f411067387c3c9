"""Checks of the suite itself: other tools' figures, and whether `compare` finds a slower kernel."""
