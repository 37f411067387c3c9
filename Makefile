# Each target works first on a fresh machine with Python 3.11, a C++17 compiler, cmake and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# where there is no ninja, make would compile one file after another
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || echo 2)
CPP := $(shell find cpp_ext -name '*.cpp' -o -name '*.hpp') CMakeLists.txt cpp_ext/install.cmake
PROJECTS := pyproject.toml tools/pyproject.toml

.PHONY: setup demo test check bench docs

NEXT := Next: `. $(BIN)/activate`, then one of the three ways in (README.md)

# where another target needs it, setup is silent
setup: $(STAMP)
	@$(if $(filter setup,$(or $(MAKECMDGOALS),setup)),echo '$(NEXT)',:)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(PROJECTS) constraints.txt $(CPP) | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt scikit-build-core pybind11
	$(BIN)/pip install --quiet -c constraints.txt --no-build-isolation -e . -e './tools[dev]'
	touch $@

demo: setup
	$(BIN)/python examples/demo.py

# a file's tests stay in one worker, so what they share is made once; folders keep their order, which
# has the longest files early. Where PYTHONDONTWRITEBYTECODE is set, each of the many processes that
# tests start would compile our modules again.
test: setup
	$(BIN)/python -m compileall -q sdk sonogaze export benchmarks
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(find cpp_ext -name '*.cpp' -o -name '*.hpp')

docs: setup
	$(BIN)/python -m sphinx -W --keep-going -q -E -a -b html docs out/docs
	$(BIN)/python docs/_ext/check_site.py out/docs

bench: setup
	$(BIN)/sonogaze-bench run --quick -o out/bench

# The compiled core alone. test-arm64 and fuzz need Debian's g++-aarch64-linux-gnu, qemu-user and
# clang-14, libclang-rt-14-dev; tidy needs clang-tidy-14.
.PHONY: test-cpp test-arm64 fuzz tidy test-ranges
FUZZ_RUNS ?= 10000000

test-cpp: setup
	SONOGAZE_SECOND_TIER=1 $(BIN)/pytest tests/cpp_ext

# the SDK with the oldest and the newest onnxruntime and numpy that pyproject.toml allows
test-ranges: setup
	$(BIN)/python -m tests.ranges

# small faults planted in a module, counted where no test dies of them (docs/mutation.md)
.PHONY: mutants
MODULE ?= sdk/classifier.py

mutants: setup
	$(BIN)/pip install --quiet -c constraints.txt 'cosmic-ray==8.7.0' 'coverage>=7.6'
	$(BIN)/python -m tests.mutation run $(MODULE)

test-arm64:
	cmake --preset arm64
	cmake --build build/arm64
	qemu-aarch64 build/arm64/cpp_ext/tests/replay cpp_ext/fuzz/corpus.txt
	qemu-aarch64 build/arm64/cpp_ext/tests/threads

fuzz:
	cmake --preset fuzz
	cmake --build build/fuzz
	$(PYTHON) cpp_ext/fuzz/corpus.py unpack build/fuzz/corpus
	ASAN_OPTIONS=quarantine_size_mb=4:malloc_context_size=0 \
		build/fuzz/cpp_ext/tests/fuzz -max_len=160 -runs=$(FUZZ_RUNS) build/fuzz/corpus

tidy:
	cmake --preset tidy
	clang-tidy-14 -quiet -p build/tidy $$(ls cpp_ext/src/*.cpp cpp_ext/src/*/*.cpp \
		| grep -v -e bindings/ -e neon) cpp_ext/fuzz/*.cpp
