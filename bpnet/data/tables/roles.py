"""Columns that are no features: those to predict, to split by and to weigh by."""

from __future__ import annotations

import shlex
from typing import NamedTuple, cast

from .columns.decision import Decision
from .columns.options import ColumnOptions
from .table import Table
from .target_encoders import Task

__all__ = ["Roles"]


_NAMES = "; target names columns of the table: put its values into a column, and give its name"


class Roles(NamedTuple):
    """Columns that say something of a row without being features.

    Attributes
    ----------
    targets : tuple of str
    group, time, weight : str or None
    """

    targets: tuple[str, ...]
    group: str | None = None
    time: str | None = None
    weight: str | None = None

    def check(self, columns: ColumnOptions) -> None:
        """Raise if a column has two roles, or is asked for as a feature that it cannot be."""
        roles: dict[str, str] = {}
        if not self.targets:
            raise ValueError("target names no column")
        for role, name in self._named():
            if name in roles:
                both = f"twice as {role}" if roles[name] == role else f"as {roles[name]} and {role}"
                hint = "" if roles[name] != "target" or role != "target" else _NAMES
                raise ValueError(f"column {name!r} is given {both}{hint}")
            roles[name] = role
        if self.group is not None and self.time is not None:
            raise ValueError(
                f"rows are split by group {self.group!r} or by time {self.time!r}, not both: leave "
                "one out"
            )
        weights = [] if self.weight is None else [self.weight]
        refused = {
            "features": [*self.targets, *weights],
            "drop": self.targets,
            "categorical": weights,
            "numeric": weights,
        }
        for option, names in refused.items():
            for name in names:
                if name in getattr(columns, option):
                    raise ValueError(f"column {name!r} is given as {roles[name]} and in {option}")

    def found_in(self, table: Table) -> Roles:
        """The same by the names that the table has; raises if a column is not there."""
        group, time, weight = (
            None if name is None else table.find(name)
            for name in (self.group, self.time, self.weight)
        )
        return Roles(tuple(map(table.find, self.targets)), group, time, weight)

    def no_features(self, columns: ColumnOptions) -> set[str]:
        """The columns among them that are no features: a group or time is one if it is named."""
        asked = {*columns.features, *columns.categorical, *columns.numeric} - {*self.targets}
        return {name for _, name in self._named() if name not in asked}

    def decisions(self, columns: ColumnOptions) -> tuple[Decision, ...]:
        """What is decided about those that are no features, but for the targets."""
        reasons = {
            self.group: (
                "rows are split by its groups",
                f"--categorical {shlex.quote(self.group or '')}",
            ),
            self.time: ("rows are split by its times", ""),
            self.weight: ("it says how much each row counts", ""),
        }
        left_out = self.no_features(columns)
        return tuple(
            Decision(name, "left out", why, change)
            for name, (why, change) in reasons.items()
            if name is not None and name in left_out
        )

    def task_of(self, columns: ColumnOptions) -> Task | None:
        """The task, where the target is given as numeric or categorical; else None."""
        for task, names in (
            ("regression", columns.numeric),
            ("classification", columns.categorical),
        ):
            if all(target in names for target in self.targets):
                return cast(Task, task)
        return None

    def _named(self) -> list[tuple[str, str]]:
        others = (("group", self.group), ("time", self.time), ("weight", self.weight))
        named = [("target", name) for name in self.targets]
        return named + [(role, name) for role, name in others if name is not None]
