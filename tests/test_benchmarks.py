"""The benchmarks' machinery, on a tiny case; how long anything takes is not asserted."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import timing
from benchmarks.cases import named
from benchmarks.children import Child
from benchmarks.peers import PEERS, AbsentError

ROOT = Path(__file__).resolve().parent.parent
CASES = {case.name: case for case in named("tiny")}
# What takes long to compile has both optimizers checked in the one case.
PAIRS = [
    (peer, case)
    for peer in PEERS
    for case in CASES
    if peer not in ("floor", "torch-compile") and not ("jax" in peer and case == "tiny-sgd")
]


@pytest.fixture(scope="module")
def child():
    with Child(1) as one:
        yield one


@pytest.fixture(scope="module")
def folder(child, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("expected"))
    for case in CASES.values():
        child.call(timing.write_expected, case.record(), path)
    return path


@pytest.mark.parametrize(("peer", "case"), PAIRS)
def test_peers_agree(child, folder, peer, case):
    case = CASES[case]
    try:
        found = child.call(timing.prepare, peer, case.record(), folder)
    except AbsentError as error:
        pytest.skip(str(error))
    assert set(found) == {"sgd", case.optimizer}
    assert all(value <= timing.LIMITS[optimizer] for optimizer, value in found.items())
    assert all(piece > 0 for piece in child.call(timing.measure, 0.0))
    child.call(timing.release)


def test_a_peer_that_disagrees_is_not_timed(child, tmp_path):
    case = CASES["tiny-sgd"]
    child.call(timing.write_expected, case.record(), str(tmp_path))
    path = tmp_path / f"{case.name}-sgd.npz"
    with np.load(path) as file:
        parts = list(file.values())
    np.savez(path, *(part * 1.001 for part in parts))
    found = child.call(timing.prepare, "book", case.record(), str(tmp_path))
    assert found["sgd"] > timing.LIMITS["sgd"]
    with pytest.raises(RuntimeError, match="KeyError"):
        child.call(timing.measure, 0.0)


def test_the_command_tells_what_is_absent(tmp_path):
    hidden = tmp_path / "hidden" / "thinc"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('thinc is hidden')")
    command = "--quick --only tiny-sgd --rounds 2 --threads 1 --peers floor bpnet-numpy thinc book"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *command.split(), "--out", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(hidden.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "thinc: thinc is hidden" in done.stdout
    (path,) = tmp_path.glob("cpu-*.json")
    record = json.loads(path.read_text())
    peers = record["cases"][0]["peers"]
    assert record["machine"]["threads"] == 1
    assert peers["thinc"] == {"skipped": "thinc is hidden"}
    assert peers["bpnet-numpy"]["over_floor"] > 0
    assert (tmp_path / "cpu.png").exists() == (find_spec("matplotlib") is not None)


def test_the_other_benchmarks_run_on_this_code(tmp_path):
    """A few steps of each: they reach deeper into the package than its users do."""
    from benchmarks import overheads, streaming

    case = streaming._NETS[0].with_steps(4)
    streaming.write(case.samples, tmp_path)
    times = streaming.speed(case.record(), tmp_path, 2**24, 1)
    assert set(times) == {"in_memory", "streamed", "streamed_without_a_thread"}
    assert all(one > 0 for one in times.values())
    found = overheads.epoch_of_fit(2, 1)
    assert all(one > 0 for one in found.values())
