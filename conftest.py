"""Modules that pytest skips, as the array library that they import is not installed."""

from importlib.util import find_spec

needs = {"cublas": "cupy", "cupy": "cupy", "jax": "jax", "torch": "torch"}
collect_ignore_glob = [
    f"bpnet/{folder}/{name}{rest}"
    for folder in ("backends", "compiler/targets")
    for name, library in needs.items()
    for rest in (".py", "_*.py")
    if find_spec(library) is None
]
