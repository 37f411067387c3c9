"""The compiled core under sanitizers, Valgrind and emulation. Needs cmake and g++ at least."""

from __future__ import annotations

import re

from tests.cpp_ext.presets import CORPUS, program, require, run


def replayed(output: str) -> tuple[int, int]:
    found = re.search(r"inputs (\d+), reached a kernel (\d+)", output)
    assert found, output
    return int(found[1]), int(found[2])


def check_replay(output: str) -> None:
    inputs, reached = replayed(output)
    assert inputs == len(CORPUS.read_text().splitlines())
    assert reached >= inputs / 2


def test_corpus_is_clean_under_address_and_undefined_behaviour_sanitizers() -> None:
    check_replay(run(program("asan", "replay"), CORPUS).stdout)


def test_random_grids_are_searched_cleanly_under_the_same_sanitizers() -> None:
    found = re.search(r"found (\d+), wrong 0", run(program("asan", "regions")).stdout)
    assert found
    assert int(found[1]) > 100


def test_threads_share_a_plan_without_a_race() -> None:
    assert ", 0 wrong" in run(program("tsan", "threads")).stdout


def test_corpus_is_clean_under_valgrind() -> None:
    require("valgrind")
    replay = program("plain", "replay")
    check_replay(
        run("valgrind", "-q", "--error-exitcode=9", "--leak-check=full", replay, CORPUS).stdout
    )


def test_neon_gives_the_bits_of_the_scalar_kernels_under_emulation() -> None:
    require("aarch64-linux-gnu-g++", "qemu-aarch64")
    check_replay(run("qemu-aarch64", program("arm64", "replay"), CORPUS).stdout)
