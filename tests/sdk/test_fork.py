"""A forked child answers as its parent does, and ends: whatever the parent was doing meanwhile."""

from __future__ import annotations

import pytest

from tests.sdk.processes import ran

CHILD = """
def child(work):
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)  # a child that hangs is killed, and its status says so
        work()
        sys.exit(0)  # runs every destructor, as os._exit would not
    return os.waitpid(pid, 0)[1]
"""


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("work", ["0", "same()", "new()", "default()"])
def test_a_child_classifies_as_its_parent_does_and_ends(threads: int, work: str) -> None:
    code = f"""
    classifier = sdk.Classifier(threads={threads})
    before = classifier.classify(FRAME).probabilities
    sdk.classify(FRAME)
    def same(): assert classifier.classify(FRAME).probabilities == before
    def new(): assert sdk.Classifier(threads={threads}).classify(FRAME).probabilities == before
    def default(): assert sdk.classify(FRAME).decision == "abstain"
    print(child(lambda: {work}))
    same()
    """
    assert ran(CHILD + _plain(code)) == "0\n"


def test_a_child_of_a_child_classifies_too() -> None:
    code = """
    classifier = sdk.Classifier(threads=2)
    def again():
        classifier.classify(FRAME)
        assert child(lambda: classifier.classify(FRAME)) == 0
    classifier.classify(FRAME)
    print(child(again), child(again))
    """
    assert ran(CHILD + _plain(code)) == "0 0\n"


def test_a_fork_while_the_default_student_loads_leaves_no_child_waiting() -> None:
    code = """
    import sdk.classifier
    statuses = []
    for pause_ms in range(0, 60, 2):
        sdk.classifier._default = None
        loading = threading.Thread(target=sdk.classify, args=(FRAME,))
        loading.start()
        time.sleep(pause_ms / 1000)
        statuses.append(child(lambda: sdk.classify(FRAME)))
        loading.join()
    print(len(statuses), set(statuses))
    """
    assert ran(CHILD + _plain(code)) == "30 {0}\n"


def test_a_fork_while_onnxruntime_is_imported_leaves_no_child_waiting() -> None:
    for pause_ms in (0, 20, 60, 100):
        code = f"""
        loading = threading.Thread(target=sdk.classify, args=(FRAME,))
        loading.start()
        time.sleep({pause_ms} / 1000)
        print(child(lambda: sdk.classify(FRAME)))
        """
        assert ran(CHILD + _plain(code)) == "0\n"


def test_a_fork_in_the_middle_of_other_threads_inferences_leaves_no_child_waiting() -> None:
    code = """
    classifier, on = sdk.Classifier(threads=2), True
    def work():
        while on:
            classifier.classify(FRAME)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads: thread.start()
    statuses = {child(lambda: classifier.classify(FRAME)) for _ in range(15)}
    on = False
    print(statuses)
    """
    assert ran(CHILD + _plain(code)) == "{0}\n"


def test_a_fork_inside_a_signal_handler_inside_classify_returns_twice() -> None:
    code = """
    classifier, statuses = sdk.Classifier(), []
    def handler(*_): statuses.append(child(lambda: classifier.classify(FRAME)))
    signal.signal(signal.SIGUSR1, handler)
    def poke():
        for _ in range(20):
            time.sleep(0.005)
            os.kill(os.getpid(), signal.SIGUSR1)
    poker = threading.Thread(target=poke)
    poker.start()
    while poker.is_alive():
        classifier.classify(FRAME)
    print(set(statuses), len(statuses) > 5)
    """
    assert ran(CHILD + _plain(code)) == "{0} True\n"


def test_a_child_of_a_parent_that_ends_classifies() -> None:
    code = """
    import atexit, sdk._lifetime
    def forked():
        thread = threading.Thread(target=lambda: print(child(lambda: sdk.classify(FRAME))))
        thread.start()
        thread.join()
    # called after the SDK's own, since it was registered before
    atexit.unregister(sdk._lifetime._at_exit)
    atexit.register(forked)
    atexit.register(sdk._lifetime._at_exit)
    sdk.classify(FRAME)
    """
    assert ran(CHILD.replace("sys.exit", "os._exit") + _plain(code)) == "0\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes_takes_the_classifier_and_the_frames(method: str) -> None:
    code = f"""
    import multiprocessing
    from multiprocessing import get_context
    if __name__ == "__main__":
        classifier = sdk.Classifier(threads=2)
        frames = [FRAME, sdk.Frame.from_array(FRAME[::2, ::2].copy()), FRAME[:100]]
        alone = [classifier.classify(frame).probabilities for frame in frames]
        with get_context({method!r}).Pool(2) as pool:
            found = pool.map(classifier.classify, frames)
        print([result.probabilities for result in found] == alone)
    """
    assert ran(_plain(code)) == "True\n"


def _plain(code: str) -> str:
    import textwrap

    return textwrap.dedent(code)
