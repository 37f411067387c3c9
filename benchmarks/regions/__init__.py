"""Composed scanner screens with the truth about where the image is, to measure `sdk.find_region`.

The screens are drawings in the manner of real interfaces (panels, text in several scripts, grey
bars, rulers, curves, thumbnails, panes) around real frames. They are synthetic screens.
"""
