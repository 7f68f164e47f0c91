"""What pytest need not collect: a backend whose library is not installed cannot be imported."""

from importlib.util import find_spec

collect_ignore = [
    f"bpnet/backends/{name}.py" for name in ("cupy", "torch", "jax") if find_spec(name) is None
]
