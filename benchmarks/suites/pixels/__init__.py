"""Frame to tensor against merely reading the bytes, OpenCV and NumPy."""
