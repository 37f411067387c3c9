"""Streams measured: label lag, wrong changes, real clips, a day in fast-forward, cost."""
