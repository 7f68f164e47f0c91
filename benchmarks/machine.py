"""What the figures were measured on and with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import time
from pathlib import Path
from typing import Any

from . import clock

__all__ = ["describe", "facts"]

_DISTRIBUTIONS = (
    "numpy",
    "array-api-compat",
    "torch",
    "jax",
    "jaxlib",
    "scikit-learn",
    "thinc",
    "blis",
    "onnxruntime",
)


def facts(threads: int) -> dict[str, Any]:
    """Versions, processor, BLAS and its core type; to be called in a child."""
    import numpy as np

    import bpnet

    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "clock": "processor time" if clock.now is time.process_time else "wall time",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": {"bpnet": bpnet.__version__}
        | dict(filter(None, map(_version, _DISTRIBUTIONS))),
    }


def describe(machine: dict[str, Any]) -> str:
    """Two lines about a machine."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} used, "
        f"{machine['clock']}, load {machine['load']} before; "
        f"{machine['system']}, Python {machine['python']}; {machine['blas']}\n{versions}"
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = dict(re.findall(r"^(model name|cpu family|model|flags)\s*: (.*)$", text, re.MULTILINE))
    vector = next((one for one in ("avx512f", "avx2") if one in names.get("flags", "").split()), "")
    return (
        f"{names.get('model name', platform.machine())} (family {names.get('cpu family', '?')}, "
        f"model {names.get('model', '?')}{', ' * bool(vector)}{vector})"
    )


def _blas() -> str:
    """NumPy's BLAS, and the core type whose kernels it chose."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "BLAS unknown (threadpoolctl is not installed)"
    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    return "; ".join(
        f"{one['internal_api']} {one['version']}, core type {one.get('architecture', 'unknown')}, "
        f"{one['num_threads']} threads"
        for one in found
    )


def _version(distribution: str) -> tuple[str, str] | None:
    try:
        return distribution, importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
