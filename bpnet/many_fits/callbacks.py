"""The callbacks of many fits: each fit has its own copies."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..training import Callback, Checkpoint, CSVLog, Progress, TensorBoard
from ..training.settings import with_progress
from .which import Which

__all__ = ["Callbacks", "callbacks_for", "check_callbacks", "resumable", "uncopyable"]

Callbacks: TypeAlias = Sequence[Callback] | Callable[[Which], Any]
"""What each fit has copies of; or a function that makes a fit's own."""

_WRITE = {CSVLog: "f'{which.name}.csv'", TensorBoard: "which.name", Checkpoint: "which.name"}


def check_callbacks(given: Any, fits: int) -> Callbacks:
    """The callbacks as a list, or the function.

    Parameters
    ----------
    given : iterable of Callback, Callback, or callable
    fits : int

    Raises
    ------
    TypeError
        If one is no callback, or cannot be copied.
    ValueError
        If one would write to the same file in each fit, or shows progress.
    """
    if callable(given) and not isinstance(given, Callback | type):
        function: Callable[[Which], Any] = given
        return function
    found = with_progress(given, False)
    for k, one in enumerate(found):
        what, kind = f"callbacks[{k}]", type(one).__name__
        if isinstance(one, Progress):
            raise ValueError(f"{what} is a Progress, and all fits share one bar: progress=True")
        place = next((place for writes, place in _WRITE.items() if isinstance(one, writes)), None)
        if place is not None and fits > 1:
            raise ValueError(
                f"{what}, a {kind}, would write to one place from {fits} fits; a function gives "
                f"each its own: callbacks=lambda which: [bpnet.{kind}({place})]"
            )
        try:
            copy.deepcopy(one)
        except Exception as error:
            raise TypeError(uncopyable(what, one, error)) from error
    return found


def uncopyable(what: str, one: Any, error: BaseException) -> str:
    """The message on a callback that a fit cannot have for itself."""
    return (
        f"{what}, a {type(one).__name__}, cannot be copied for each fit ({error}); make it for "
        "each, callbacks=lambda which: [...], and name in its per_fit what stays there"
    )


def callbacks_for(callbacks: Callbacks, which: Which) -> list[Callback]:
    """Those of one fit."""
    return (
        with_progress(callbacks(which), False)
        if callable(callbacks)
        else copy.deepcopy([*callbacks])
    )


def resumable(callbacks: Callbacks) -> bool:
    """Whether a fit with them can go on elsewhere: all are bpnet's own, whose state is saved."""
    return not callable(callbacks) and all(
        type(one).__module__.startswith("bpnet.training.") for one in callbacks
    )
