"""What pytest needs outside tests/: examples know bpnet; uninstalled libraries are left out."""

from importlib.util import find_spec

import pytest

import bpnet

needs = {"cublas": "cupy", "cupy": "cupy", "jax": "jax", "torch": "torch"}
collect_ignore_glob = [
    f"bpnet/{folder}/{name}{rest}"
    for folder in ("backends", "compiler/targets")
    for name, library in needs.items()
    for rest in (".py", "_*.py")
    if find_spec(library) is None
]
if find_spec("dp_accounting") is None:
    collect_ignore_glob += ["bpnet/insight/privacy.py"]
# Importing them starts MPI, or needs a GPU; tests/parallel imports them, on ranks of their own.
collect_ignore_glob += ["bpnet/parallel/mpi.py", "bpnet/parallel/nccl.py"]
if find_spec("torch") is None:
    collect_ignore_glob += ["bpnet/parallel/torch.py"]


@pytest.fixture(autouse=True)
def _examples_have_imported_bpnet(doctest_namespace):
    doctest_namespace["bpnet"] = bpnet
