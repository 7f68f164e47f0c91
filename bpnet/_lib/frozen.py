"""Small immutable objects that are equal where their fields are.

What a frozen dataclass would be, at a hundredth of its cost at import: a dataclass compiles its
methods for each class anew, and bpnet has dozens of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, ClassVar, NoReturn, Self, dataclass_transform

__all__ = ["Frozen"]


class _Signature:
    """The signature that ``help`` shows, made on demand."""

    def __get__(self, instance: object, owner: type[Frozen]) -> Any:
        import inspect

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(
                    name, kind, default=owner.defaults.get(name, inspect.Parameter.empty)
                )
                for name in owner.fields
            ]
        )


@dataclass_transform(frozen_default=True)
class Frozen:
    """Base class of immutable objects; the annotated names of a subclass are its fields.

    Attributes
    ----------
    fields : tuple of str
        Names of the fields, those of the base classes first.
    defaults : dict
        Values of the fields that need not be given.
    constraints : mapping of str to callable
        By field: the value is set to ``constraint(name, value)``, which may also raise.
    """

    fields: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[dict[str, Any]] = {}
    constraints: ClassVar[Mapping[str, Callable[[str, Any], Any]]] = {}
    __signature__ = _Signature()

    def __init_subclass__(cls) -> None:
        own = [
            name
            for name, kind in cls.__annotations__.items()
            if not name.startswith("_") and "ClassVar" not in str(kind)
        ]
        inherited = [name for name in cls.fields if name not in own]
        cls.fields = (*inherited, *own)
        mine = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
        cls.defaults = {**cls.defaults, **mine}

    def __init__(self, *args: Any, **options: Any) -> None:
        if len(args) > len(self.fields):
            raise TypeError(
                f"{type(self).__name__} takes {len(self.fields)} arguments, {len(args)} were given"
            )
        given = dict(zip(self.fields, args, strict=False))
        for name, value in options.items():
            if name not in self.fields:
                from .arguments import check_arguments  # not needed by `import bpnet`

                check_arguments(type(self).__name__, [name], self.fields)
            if name in given:
                raise TypeError(f"{type(self).__name__} was given {name!r} twice")
            given[name] = value
        for name in self.fields:
            if name not in given and name not in self.defaults:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
            object.__setattr__(self, name, given.get(name, self.defaults.get(name)))
        for name, constraint in self.constraints.items():
            object.__setattr__(self, name, constraint(name, getattr(self, name)))
        self.__post_init__()

    def __post_init__(self) -> None:
        """Checks and derived values of a subclass, after all fields are set."""

    def replaced(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return type(self)(**{name: getattr(self, name) for name in self.fields} | changes)

    def __setattr__(self, name: str, value: Any = None) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__} cannot be changed: replaced({name}=...) makes a changed copy"
        )

    __delattr__ = __setattr__

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields)
        return f"{type(self).__name__}({inner})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_same(getattr(self, name), getattr(other, name)) for name in self.fields)

    def __hash__(self) -> int:
        values = [getattr(self, name) for name in self.fields]
        try:
            return hash((type(self), *values))
        except TypeError:  # a user's subclass may hold an array or a list
            return hash((type(self), *map(_content, values)))


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except (ValueError, RuntimeError, TypeError):  # arrays compare entry by entry
        return bool(_content(one) == _content(other))


def _content(value: Any) -> Hashable:
    """What stands for a value that cannot be hashed, or compared at once."""
    if isinstance(value, list | tuple):
        return tuple(map(_content, value))
    if isinstance(value, dict):
        return tuple((key, _content(one)) for key, one in value.items())
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return str(value.dtype), _content(value.tolist())
    return value if isinstance(value, Hashable) else repr(value)
