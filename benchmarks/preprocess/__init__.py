"""Frame to tensor, timed against merely reading the bytes, OpenCV and NumPy."""
