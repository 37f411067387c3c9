"""Architectures: the teacher (large, ImageNet start) and the student (tiny)."""
