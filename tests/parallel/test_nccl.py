"""NCCL's communicator against CuPy's own names and signatures, which need no GPU."""

import contextlib
import inspect
import re
import warnings
from pathlib import Path

import pytest

import bpnet

pytest.importorskip("cupy")
SOURCE = Path(bpnet.__file__).with_name("parallel").joinpath("nccl.py").read_text("utf-8")


@pytest.fixture(scope="module")
def backend():
    """CuPy's class, which imports without a GPU; of a missing NCCL it warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(ImportError):
            from cupyx.distributed import NCCLBackend

            return NCCLBackend
    pytest.skip("cupyx.distributed does not import here")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("all_reduce", ("in", "out", "sum")),
        ("all_gather", ("in", "out", 4)),
        ("broadcast", ("in_out", 0)),
    ],
)
def test_the_methods_take_what_they_are_given(backend, method, arguments):
    assert f"_nccl.{method}(" in SOURCE
    bound = inspect.signature(getattr(backend, method)).bind(None, *arguments)
    expected = {
        "all_reduce": ["in_array", "out_array", "op"],
        "all_gather": ["in_array", "out_array", "count"],
        "broadcast": ["in_out_array", "root"],
    }
    assert list(bound.arguments)[1:] == expected[method]


def test_the_collectives_need_no_more_than_is_set(backend):
    """Attributes that CuPy's code for dense arrays reads of its communicator."""
    module = inspect.getmodule(backend)
    dense = module._DenseNCCLCommunicator
    read = set()
    for name in ("all_reduce", "all_gather", "broadcast"):
        read |= set(re.findall(r"\bcomm\.(\w+)", inspect.getsource(getattr(dense, name))))
        read |= set(re.findall(r"\bself\.(\w+)", inspect.getsource(getattr(backend, name))))
    given = set(re.findall(r"self\.(\w+) = ", SOURCE.partition("class _Joined")[2]))
    assert {name for name in read if not hasattr(backend, name)} <= given


def test_summable_dtypes_are_those_that_cupy_hands_to_nccl(backend):
    source = inspect.getsource(inspect.getmodule(backend))
    known = set(re.findall(r"'(\w)': nccl\.NCCL_", source)) - {"F", "D"}
    summable = re.search(r'_SUMMABLE = "(\w+)"', SOURCE)[1]
    assert set(summable) == known


def test_communicators_of_nccl_are_made_of_size_identity_and_rank():
    """The Cython class has no signature: CuPy's own call of it shows the order."""
    cupyx = pytest.importorskip("cupyx.distributed", exc_type=ImportError)
    text = inspect.getsource(inspect.getmodule(cupyx.NCCLBackend))
    assert "nccl.NcclCommunicator(n_devices, nccl_id, rank)" in text
    assert "nccl.NcclCommunicator(host.size, identity, host.rank)" in SOURCE
