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


@pytest.fixture(autouse=True)
def _examples_have_imported_bpnet(doctest_namespace):
    doctest_namespace["bpnet"] = bpnet
