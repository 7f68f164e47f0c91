"""How often the host waits for the device in an epoch: it does not grow with the steps."""

from __future__ import annotations

import bpnet
from bpnet.data import load_digits

from ..plan import Plan, target_text
from ..report import tell
from ..section import Section
from ..training import placed_on
from ..wait_counter import counted_waits

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """How often the host waits for the device in an epoch: it does not grow with the steps."""
    x, y = (part[:1200] for part in load_digits().train)
    for target in plan.targets:
        counts = {}
        for batch in (40, 10):
            net = bpnet.Network([64, 30, 10], cost="log_likelihood", seed=0, **placed_on(target))
            net.fit(x, y, epochs=1, batch_size=batch, progress=False)
            with counted_waits(target) as count:
                net.fit(x, y, epochs=1, batch_size=batch, progress=False)
            counts[f"{1200 // batch} steps"] = count()
        section.figures[target_text(target)] = counts
        few, many = counts.values()
        if few is None:
            tell(f"  {target_text(target)}: nothing counts them")
        else:
            section.check(f"{target_text(target)}: as many with more steps", few == many, **counts)
