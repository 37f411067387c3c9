"""The two suites: whole models (`models`), and the pixel kernel alone (`pixels`)."""
