# Each target works first on a fresh machine with Python 3.11, a C++17 compiler, cmake and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CPP := $(shell find cpp_ext -name '*.cpp' -o -name '*.hpp') CMakeLists.txt

.PHONY: setup
setup: $(STAMP)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt $(CPP) | $(VENV)/bin/python
	$(BIN)/pip install --quiet -c constraints.txt scikit-build-core pybind11
	$(BIN)/pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	touch $@
