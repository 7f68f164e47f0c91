"""What pytest need not collect: a backend whose library is not installed cannot be imported."""

from importlib.util import find_spec

needs = {"cupy": "cupy", "_cublas": "cupy", "torch": "torch", "jax": "jax"}
collect_ignore = [
    f"bpnet/backends/{name}.py" for name, library in needs.items() if find_spec(library) is None
]
