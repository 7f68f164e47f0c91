"""What ranks must have in common: named, with the ranks and both values."""

import re
import warnings

import pytest
from _launch import run_ranks

import bpnet
from bpnet.parallel import SerialCommunicator, agreement
from bpnet.parallel.agreement import check_equal, environment, warn_of_threads


class Ranks(SerialCommunicator):
    """Rank 0 of several, whose others tell what is given here."""

    def __init__(self, *others):
        self.size = 1 + len(others)
        self._others = others

    def gather_objects(self, value):
        return [value, *self._others]


def test_equal_facts_pass():
    check_equal(SerialCommunicator(), {"seed": 1})
    check_equal(Ranks({"seed": 1, "rate": float("nan")}), {"seed": 1, "rate": float("nan")})


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([{"seed": 2}], "ranks must agree on seed: 1 on rank 0, 2 on rank 1"),
        ([{"seed": 1}, {"seed": 2}, {"seed": 2}], "1 on ranks 0 and 1, 2 on ranks 2 and 3"),
        ([{"seed": 1, "blocks": 4}], "ranks must agree on blocks: absent on rank 0, 4 on rank 1"),
        ([{}], "ranks must agree on seed: 1 on rank 0, absent on rank 1"),
        ([{"seed": True}], "ranks must agree on seed: 1 on rank 0, True on rank 1"),
        ([{"seed": "1"}], "ranks must agree on seed: 1 on rank 0, '1' on rank 1"),
    ],
)
def test_a_difference_is_named_with_ranks_and_values(others, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        check_equal(Ranks(*others), {"seed": 1})


def test_the_environment_names_versions_threads_and_core(monkeypatch):
    numpy = bpnet.get_backend("numpy")
    monkeypatch.setattr(agreement, "threads", lambda: 7)
    monkeypatch.setattr(agreement, "core", lambda: "Haswell")
    facts = environment(numpy)
    assert facts["bpnet"] == bpnet.__version__
    assert facts["the number of BLAS threads"] == 7
    assert facts["OpenBLAS's kind of core"] == "Haswell"
    assert facts["numpy"] == facts["NumPy"]
    torch = pytest.importorskip("torch")
    facts = environment(bpnet.get_backend("torch", "cpu"))
    assert facts["torch"] == torch.__version__
    assert facts["the number of PyTorch's threads"] == torch.get_num_threads()


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([("a", {0, 1}, 2), ("a", {0, 1}, 2)], "2 ranks with 2 BLAS threads each share 2 cores of "
         "host a, and slow each other down: set OPENBLAS_NUM_THREADS=1 in"),
        ([("a", {0, 1, 2, 3}, 4), ("a", {0, 1, 2, 3}, 4)], "set OPENBLAS_NUM_THREADS=2 in"),
        ([("b", {0}, 1), ("a", {0}, 1), ("a", {0}, 1)], "share 1 core of host a, and slow each "
         "other down: start 1 rank at most"),
        ([("a", {0}, 1), ("a", {1}, 1)], None),  # bound to a core each
        ([("a", {0, 1}, 2), ("b", {0, 1}, 2)], None),
        ([("a", {0}, 8)], None),
    ],
)  # fmt: skip
def test_more_threads_than_cores_are_noted(places, told, monkeypatch):
    first, *others = places
    monkeypatch.setattr(agreement, "_place", lambda: first)
    ranks = Ranks(*others)
    if told is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_threads(ranks)
    else:
        with pytest.warns(UserWarning, match=re.escape(told)):
            warn_of_threads(ranks)


DIFFERENT = """
import os, bpnet
from bpnet.parallel import communicator_of
from bpnet.parallel.agreement import check_equal, environment
c = communicator_of("mpi", bpnet.get_backend("numpy"))
check_equal(c, {"seed": c.rank // 2, "never shown": c.rank})
"""


def test_ranks_that_differ_are_told_once():
    job = run_ranks(DIFFERENT, 3, "mpi")
    assert job.status != 0
    assert job.output.count("ranks must agree on seed: 0 on ranks 0 and 1, 1 on rank 2") == 1
    assert job.output.count("Traceback") == 1, job.output
