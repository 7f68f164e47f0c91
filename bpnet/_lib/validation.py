"""Frozen objects whose fields are checked and converted once, when they are made."""

from __future__ import annotations

from typing import Any

from .constraints import Boolean, Constraint, Constraints, Integer, Number
from .frozen import Frozen

__all__ = ["Validated"]


class Validated(Frozen):
    """A frozen object that holds its fields to constraints.

    Attributes
    ----------
    constraints : mapping of str to Constraint
        By field; a subclass inherits those of its bases. A field without one that is annotated
        ``float``, ``int`` or ``bool``, alone or with None, must be that.

    Examples
    --------
    >>> from bpnet._lib.constraints import Constraints, Integer
    >>> class Decay(Validated):
    ...     constraints = Constraints(steps=Integer(1))
    ...     rate: float
    ...     steps: int = 1
    >>> Decay(1)
    Decay(rate=1.0, steps=1)
    >>> Decay("fast")
    Traceback (most recent call last):
    TypeError: rate must be a number, not 'fast'
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        constraints = Constraints()
        for name, annotation in cls.__annotations__.items():
            implied = _implied(annotation) if name in cls.fields else None
            if implied is not None:
                constraints[name] = implied
        for base in reversed(cls.__mro__):
            constraints |= base.__dict__.get("constraints", {})
        cls.constraints = constraints

    def __init__(self, *args: Any, **options: Any) -> None:
        # A list could change when what was made of it is compiled already.
        options = {name: _fixed(value) for name, value in options.items()}
        super().__init__(*map(_fixed, args), **options)


def _fixed(value: Any) -> Any:
    return tuple(map(_fixed, value)) if type(value) is list else value


def _implied(annotation: Any) -> Constraint | None:
    """The constraint that an annotation, or its text, stands for."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    kind, _, rest = text.partition(" | ")
    if kind not in _KINDS or rest not in ("", "None"):
        return None
    return _KINDS[kind](optional=bool(rest))


_KINDS: dict[str, type[Constraint]] = {"float": Number, "int": Integer, "bool": Boolean}
