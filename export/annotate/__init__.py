"""Annotation of deciding structures: proposed by classical means, judged by eye, kept as JSON."""
