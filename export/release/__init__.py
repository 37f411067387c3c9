"""From a trained student to two files that may ship: gates, calibration, provenance, scores."""
