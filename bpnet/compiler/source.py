"""Turn lines of Python into a function whose source tracebacks and debuggers show."""

from __future__ import annotations

import functools
import itertools
import linecache
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any

__all__ = ["load", "write_source"]


def write_source(template: str, lines: Sequence[str], names: Sequence[str], rates: str = "") -> str:
    """The source of a function ``run``.

    Parameters
    ----------
    template : str
        With places for ``{bound}``, ``{body}`` and perhaps ``{rates}``.
    lines : sequence of str
        The body.
    names : sequence of str
        Names that the lines use; bound as defaults, so that each is a local variable.
    rates : str, optional
    """
    return template.format(
        bound=", ".join(f"{name}={name}" for name in names),
        rates=rates,
        body="".join(f"        {line}\n" for line in lines),
    )


_count = itertools.count(1)


def load(source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function ``run`` of a source, whose lines tracebacks and debuggers show.

    Parameters
    ----------
    source : str
    names : mapping of str to object
    """
    file = f"<bpnet plan {next(_count)}>"
    scope = dict(names)
    exec(_in_file(_compiled(source), file), scope)
    run: Callable[..., Any] = scope.pop("run")  # no cycle: it goes with its plan
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    weakref.finalize(run, linecache.cache.pop, file, None).atexit = False
    return run


@functools.lru_cache(64)
def _compiled(source: str) -> CodeType:
    """The code of a source; equal networks have the same."""
    return compile(source, "<bpnet plan>", "exec")


def _in_file(code: CodeType, file: str) -> CodeType:
    """The same code, and that of its functions, as if it were in a file."""
    consts = (_in_file(one, file) if isinstance(one, CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=file, co_consts=tuple(consts))
