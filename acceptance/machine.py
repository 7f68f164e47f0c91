"""The machine: its CUDA devices and versions."""

from __future__ import annotations

import platform
import sys
from typing import Any

import bpnet

from .plan import Target
from .processes import run

__all__ = ["cuda_targets", "cuda_versions", "device_facts", "nvidia_smi", "why_none"]


def cuda_targets() -> list[Target]:
    """The first CUDA device of every library that has one."""
    found = []
    for one in bpnet.available_backends():
        found += [(one.name, device) for device in one.devices if device.startswith("cuda")][:1]
    return found


def why_none() -> str:
    """Each library's own reason, in one line."""
    cuda = [one for one in bpnet.available_backends() if one.name != "numpy"]
    return "no CUDA device: " + "; ".join(f"{one.name}: {one.reason}" for one in cuda)


def nvidia_smi() -> list[str]:
    """What the driver says of each device; empty without one."""
    fields = "name,driver_version,compute_cap,memory.total"
    try:
        done = run(["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"], 60)
    except OSError:
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def device_facts(target: Target) -> tuple[str, str]:
    """Name and compute capability."""
    library, device = target
    index = int(device.partition(":")[2] or 0)
    if not device.startswith("cuda"):
        return platform.machine(), ""
    if library == "cupy":
        import cupy

        found = cupy.cuda.runtime.getDeviceProperties(index)
        return found["name"].decode(), f"{found['major']}.{found['minor']}"
    if library == "torch":
        import torch

        major, minor = torch.cuda.get_device_capability(index)
        return torch.cuda.get_device_name(index), f"{major}.{minor}"
    import jax

    chosen = jax.devices("cuda")[index]
    return chosen.device_kind, str(getattr(chosen, "compute_capability", ""))


def cuda_versions() -> dict[str, Any]:
    """Of the driver, and of the libraries that are loaded."""
    versions = {}
    if "cupy" in sys.modules:
        runtime = sys.modules["cupy"].cuda.runtime
        versions["CUDA of the driver"] = runtime.driverGetVersion()
        versions["CUDA of cupy"] = runtime.runtimeGetVersion()
    if "torch" in sys.modules:
        versions["CUDA of torch"] = sys.modules["torch"].version.cuda
    return versions
