"""Does gaze help where it can matter? A study with a plan written before any run.

Gaze is simulated at the structures that are marked. `plan.toml` says everything that is compared;
`python -m export.studies.gaze_study` runs it, round by round.
"""
