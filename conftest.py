"""Modules that pytest skips, as the array library that they import is not installed."""

from importlib.util import find_spec

needs = {
    "cupy": "cupy",
    "cupy_capture": "cupy",
    "cupy_kernel": "cupy",
    "cublas": "cupy",
    "torch": "torch",
    "jax": "jax",
}
collect_ignore = [
    f"bpnet/{folder}/{name}.py"
    for folder in ("backends", "compiler/targets")
    for name, library in needs.items()
    if find_spec(library) is None
]
