"""Modules that pytest skips, as the array library that they import is not installed."""

from importlib.util import find_spec

needs = {
    **dict.fromkeys(("cupy", "cupy_devices", "cupy_uploads", "cublas"), "cupy"),
    **dict.fromkeys(("torch", "torch_uploads"), "torch"),
    "jax": "jax",
}
collect_ignore = [
    f"bpnet/{folder}/{name}.py"
    for folder in ("backends", "compiler/targets")
    for name, library in needs.items()
    if find_spec(library) is None
]
