"""The interpreter's end while daemon threads are inside the SDK: exit code 0, nothing said."""

from __future__ import annotations

import pytest

from tests.sdk.processes import ran, run

LOOPS = {
    "kernel": """
        from sdk.preprocess import Preprocessing
        recipe = Preprocessing(192, 144)
        work = lambda: recipe.tensor(FRAME)
    """,
    "statistics": """
        from sdk.preprocess import Preprocessing
        recipe = Preprocessing(192, 144)
        work = lambda: recipe.measure_into(FRAME, np.empty((144, 192), np.float32))
    """,
    "layouts": """
        import itertools
        widths = itertools.count(1)
        work = lambda: sdk.Frame(bytes(64080), width=next(widths) % 16000 + 20, height=4,
                                 format="GRAY8", region=sdk.Region.sector(5, 0, 0, 9, -40, 40))
    """,
    "errors": """
        def work():
            try: sdk.Frame(b"", width=10, height=10, format="GRAY8")
            except sdk.FrameError: pass
    """,
    "pickles": """
        import pickle
        frame = sdk.Frame.from_array(FRAME)
        work = lambda: pickle.dumps(frame)
    """,
    "classify": "work = lambda: sdk.classify(FRAME)",
    "two threads": "c = sdk.Classifier(threads=2); work = lambda: c.classify(FRAME)",
    "loading": "work = lambda: sdk.Classifier()",
}
THREADS = """
def loop():
    while True: work()
for _ in range(3): threading.Thread(target=loop, daemon=True).start()
"""


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("pause_ms", [1, 150])
def test_a_daemon_thread_does_not_abort_the_end(name: str, pause_ms: int) -> None:
    import textwrap

    code = textwrap.dedent(LOOPS[name]) + THREADS + f"time.sleep({pause_ms / 1000})\n"
    assert ran(code) == ""


def test_the_thread_that_ends_the_interpreter_may_still_classify() -> None:
    code = """
    import atexit
    import sdk._lifetime
    # called after the SDK's own, since it was registered before
    def late():
        print(classifier.classify(FRAME).decision, sdk.Classifier().classify(FRAME).decision)
    atexit.unregister(sdk._lifetime._at_exit)
    atexit.register(late)
    atexit.register(sdk._lifetime._at_exit)
    classifier = sdk.Classifier()
    def loop():
        while True: classifier.classify(FRAME)
    threading.Thread(target=loop, daemon=True).start()
    time.sleep(0.05)
    """
    assert ran(code) == "abstain abstain\n"


def test_an_interrupted_classify_keeps_no_exit_waiting() -> None:
    code = """
    classifier = sdk.Classifier()
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    while True: classifier.classify(FRAME)
    """
    done = run(code, timeout_s=9)  # below what the end waits for an inference in progress
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
