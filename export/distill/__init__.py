"""Losses and training loops: labels to teacher, teacher to student."""
