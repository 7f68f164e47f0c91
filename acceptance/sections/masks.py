"""Random masks have the same bits everywhere."""

from __future__ import annotations

import numpy as np

import bpnet
from bpnet.randomness import keep_mask

from ..plan import Plan, target_text
from ..section import Section

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """Random masks have the same bits everywhere."""
    for target in plan.targets:
        backend = bpnet.get_backend(*target)
        key = {"seed": 2**40 + 7, "step": 2**33 + 5, "layer": 3}
        expected = keep_mask((257, 129), 0.3, xp=np, **key)
        with backend.scope():
            device = backend.from_host(np.zeros(1), "float32").device
            mask = keep_mask((257, 129), 0.3, xp=backend.xp, device=device, **key)
            found = backend.to_numpy(mask)
        section.check(target_text(target), np.array_equal(found, expected))
