# Each target works first on a fresh machine with Python 3.11, a C++17 compiler, cmake and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CPP := $(shell find cpp_ext -name '*.cpp' -o -name '*.hpp') CMakeLists.txt

.PHONY: setup demo test check bench

setup: $(STAMP)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt $(CPP) | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt scikit-build-core pybind11
	$(BIN)/pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	touch $@

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/pytest -n 2

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(find cpp_ext -name '*.cpp' -o -name '*.hpp')

bench: setup
	$(BIN)/sonogaze-bench run --quick -o out/bench
