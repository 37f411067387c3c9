"""Slow NumPy implementations, written from the documentation and not from the compiled code."""
