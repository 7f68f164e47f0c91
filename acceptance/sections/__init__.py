"""The sections: one file each, with a function ``run(plan, section)``."""

from __future__ import annotations

from collections.abc import Callable

from ..plan import Plan
from ..section import Section
from . import (
    commands,
    devices,
    digits,
    gradients,
    graphs,
    masks,
    mnist,
    peers,
    ranks,
    streaming,
    tests,
    trace,
    waits,
)

__all__ = ["SECTIONS", "UNTIMED"]

Run = Callable[[Plan, Section], None]

_TIMED = (devices, peers, trace, streaming)
_UNTIMED = (masks, gradients, digits, mnist, commands, ranks, waits, graphs, tests)

SECTIONS: dict[str, Run] = {
    module.__name__.rpartition(".")[2]: module.run for module in (*_TIMED, *_UNTIMED)
}
"""By name, in the order in which they run."""

UNTIMED = tuple(SECTIONS)[len(_TIMED) :]
"""Sections that measure no time: the tests run beside them."""
