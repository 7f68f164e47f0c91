"""What computes here, and in which versions."""

from __future__ import annotations

import os
import platform
import sys

import bpnet

from ..machine import cuda_versions, device_facts, nvidia_smi
from ..plan import Plan, target_text
from ..report import tell
from ..section import Section

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """What computes here, and in which versions."""
    section.figures["nvidia-smi"] = nvidia_smi()
    for target in plan.targets:
        name, capability = device_facts(target)
        section.figures[target_text(target)] = {"name": name, "compute capability": capability}
        tell(f"  {target_text(target)}: {name} {capability}")
    modules = ("array_api_compat", "cupy", "jax", "jaxlib", "numpy", "torch")
    section.figures["versions"] = {
        "bpnet": bpnet.__version__,
        "python": platform.python_version(),
        **{name: getattr(sys.modules.get(name), "__version__", None) for name in modules},
        **cuda_versions(),
    }
    section.figures["TF32"] = {
        name: os.environ.get(name) for name in ("CUPY_TF32", "NVIDIA_TF32_OVERRIDE")
    }
