"""Frames to learn from: the data set reader, augmentation, banks of augmented views."""
