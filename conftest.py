"""Modules that pytest skips, as the array library that they import is not installed."""

from importlib.util import find_spec

needs = {
    "cublas": "cupy",
    "cupy": "cupy",
    "jax": "jax",
    "jax_loop": "jax",
    "jax_rows": "jax",
    "torch": "torch",
}
collect_ignore = [
    f"bpnet/{folder}/{name}.py"
    for folder in ("backends", "compiler/targets")
    for name, library in needs.items()
    if find_spec(library) is None
]
