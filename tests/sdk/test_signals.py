"""What a signal handler raises passes through every long call as it is, and leaves nothing bent."""

from __future__ import annotations

import pytest

from tests.sdk.processes import ran

RAISED = ("Stop", "RuntimeError", "ValueError", "OSError", "MemoryError", "KeyboardInterrupt")
HANDLER = """
class Stop(Exception): pass
raised = 0
def handler(*_):
    global raised
    raised += 1
    raise {kind}("from a handler")
signal.signal(signal.SIGALRM, handler)
caught, others = 0, []
deadline = time.monotonic() + 50
while raised < {times} and time.monotonic() < deadline:
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0007)
        while True: work()
    except {kind} as error:
        assert str(error) == "from a handler", error
        caught += 1
    except BaseException as error:
        others.append(repr(error))
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(caught == raised == {times}, others[:2], after())
"""


def passes(prepare: str, kind: str, times: int = 300) -> None:
    assert ran(prepare + HANDLER.format(kind=kind, times=times)) == "True [] True\n"


@pytest.mark.parametrize("kind", RAISED)
def test_a_handlers_exception_passes_through_classify(kind: str) -> None:
    prepare = """
classifier = sdk.Classifier()
before = classifier.classify(FRAME).probabilities
work = lambda: classifier.classify(FRAME)
def after():
    return classifier.classify(FRAME).probabilities == before and len(classifier._session.free) <= 1
"""
    passes(prepare, kind)


@pytest.mark.parametrize("kind", ["Stop", "RuntimeError", "ValueError", "FileNotFoundError"])
def test_a_handlers_exception_passes_through_loading(kind: str) -> None:
    prepare = """
sdk.Classifier()
work = sdk.Classifier
after = lambda: sdk.Classifier().classify(FRAME).label is None
"""
    passes(prepare, kind)


@pytest.mark.parametrize("kind", ["RuntimeError", "ValueError"])
def test_a_handlers_exception_passes_through_a_jpeg_decoder(kind: str) -> None:
    prepare = """
import simplejpeg
from sdk.preprocess import Preprocessing
jpeg, recipe = simplejpeg.encode_jpeg(FRAME[..., None], colorspace="GRAY"), Preprocessing(192, 144)
work = lambda: recipe.tensor(sdk.Frame(jpeg, format="MJPEG"))
after = lambda: bool(np.isfinite(work()).all())
"""
    passes(prepare, kind)


def test_what_the_runtime_raises_is_still_a_model_error() -> None:
    code = """
    import onnxruntime
    classifier = sdk.Classifier()
    from onnxruntime.capi import onnxruntime_pybind11_state as state
    def fail(kind):
        place = {"__name__": "onnxruntime.capi.place"}
        place["kind"] = kind
        exec("def run_with_iobinding(self, binding): raise kind('it fails')", place)
        return place["run_with_iobinding"]
    for kind in (state.Fail, state.InvalidArgument, state.RuntimeException, RuntimeError):
        slot = classifier._session.slot()
        session = type("Session", (), {"run_with_iobinding": fail(kind)})()
        slot.run = sdk.runtime.bound_run(session, slot.binding)
        try: classifier._session.run(slot)
        except sdk.ModelError as error: print(error.slug, "it fails" in str(error))
    """
    assert ran(code) == "model-not-runnable True\n" * 4


@pytest.mark.parametrize("kind", ["Stop", "KeyboardInterrupt"])
def test_a_handlers_exception_passes_through_the_import_of_onnxruntime(kind: str) -> None:
    # the signal arrives when the compiled module, which takes long, begins to be loaded
    code = f"""
    import importlib.machinery
    class Stop(Exception): pass
    def handler(*_): raise {kind}("from a handler")
    signal.signal(signal.SIGUSR1, handler)
    loader = importlib.machinery.ExtensionFileLoader
    create = loader.create_module
    def poked(self, spec):
        if "onnxruntime" in spec.name: signal.raise_signal(signal.SIGUSR1)
        return create(self, spec)
    loader.create_module = poked
    try: sdk.classify(FRAME)
    except {kind} as error: print(repr(error))
    print(signal.getsignal(signal.SIGUSR1) is handler, os.environ.get("ORT_DISABLE_TELEMETRY"))
    print(sdk.classify(FRAME).decision)
    """
    assert ran(code) == f"{kind}('from a handler')\nTrue None\nabstain\n"


@pytest.mark.parametrize("form", ["function", "method", "partial", "object"])
@pytest.mark.parametrize(
    "work",
    [
        "sdk.Classifier(Slow())",
        "list(sdk.sources.open(Slow()))",
        "list(sdk.sources.open(SlowFile()))",
    ],
)
def test_a_handlers_exception_passes_through_anybodys_code(form: str, work: str) -> None:
    code = f"""
    import functools, pathlib, sdk.sources
    def busy():
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        while True: pathlib.PurePath("a", "b")
    class Slow:
        def __fspath__(self): busy()
    class SlowFile:
        def read(self, size): busy()
    class Handler:
        def handle(self, *_): raise RuntimeError("from a handler")
        def partly(self, mark, *_): self.handle()
        def __call__(self, *_): self.handle()
    handler = Handler()
    def function(*_): raise RuntimeError("from a handler")
    forms = dict(function=function, method=handler.handle, object=handler,
                 partial=functools.partial(handler.partly, 1))
    signal.signal(signal.SIGALRM, forms[{form!r}])
    try: {work}
    except RuntimeError as error: print(error)
    """
    assert ran(code) == "from a handler\n"
