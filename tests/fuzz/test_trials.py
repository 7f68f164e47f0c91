"""The trials of damaged files notice whatever a reader may do wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import trials
from fuzz.bad_reader import KINDS
from fuzz.mutations import encoded, mutated_bytes, mutated_value

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are those of POSIX")

SAID = {
    "another error": "KeyError: '0' in",
    "nameless": "the message does not name the file: refused",
    "long message": "the message has 3,0",
    "recursion": "RecursionError",
    "busy": "took 1.",
    "memory": "took 3",
    "process": 'was executed or written: ["subprocess.Popen',
    "relative file": 'was executed or written: ["open',
    "file beside": "files were written or changed: ['",
    "file elsewhere": 'was executed or written: ["open',
    "changed": "files were written or changed",
    "dies": "died, exit status -6",
}


@pytest.fixture(scope="module")
def found():
    """In one go: after a process that died another does the rest."""
    return trials.run("bad", 0, len(SAID) + 2)


def test_good_and_refused_files_are_counted(found):
    assert found[0] == {"accepted": 1, "refused": 1}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_wrong_is_noticed(found, kind):
    assert SAID[kind] in found[1][KINDS.index(kind)]


def test_nothing_else_is_told(found):
    assert {KINDS[seed] for seed in found[1]} == set(SAID)


def test_a_reader_that_hangs_is_ended():
    seed, told = KINDS.index("hangs"), []
    counts, failures = trials.run(
        "bad", seed, seed + 1, lambda *what: told.append(what), patience=1.0
    )
    assert counts == {"accepted": 0, "refused": 0}
    assert failures == dict(told)
    assert failures[seed].startswith("still at work after 1 s")


def test_a_failure_can_be_repeated_by_hand(tmp_path):
    """By the commands of the module's docstring."""
    command = [sys.executable, Path(__file__).parents[1] / "fuzz_files.py", "--format", "bad"]
    command += ["--first", str(KINDS.index("nameless")), "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    seed, counts = done.stdout.splitlines()
    assert seed == f"seed {KINDS.index('nameless')}: {SAID['nameless']}"
    assert counts.startswith("bad: 1 files, 0 accepted, 0 refused, 1 failures")
    assert done.returncode == 1
    subprocess.run([*command, "--write", tmp_path / "it"], check=True)
    assert (tmp_path / "it").read_text() == "nameless"


def test_a_seed_always_gives_the_same_file():
    from random import Random

    value = {"a": [1, 2.5, {"b": "text"}], "c": None}
    content = bytes(range(256)) * 4
    for seed in range(200):
        one, two = (mutated_value(value, Random(seed)) for _ in range(2))
        assert encoded(one) == encoded(two)
        one, two = (mutated_bytes(content, [content], Random(seed)) for _ in range(2))
        assert one == two
    assert value == {"a": [1, 2.5, {"b": "text"}], "c": None}
