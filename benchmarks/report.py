"""Tables for a terminal, and JSON files."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .bars import Bar
from .cases import Case
from .rounds import Measured

__all__ = ["bars_table", "duration", "peers_record", "peers_table", "table", "write"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns, the first flush left, the others flush right."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = []
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = (
            cell.rjust(width) if k else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines)


def duration(microseconds: float) -> str:
    """Such as ``9.02``, ``164``, ``72,950``: three digits at least."""
    decimals = 2 if microseconds < 10 else 1 if microseconds < 100 else 0
    return f"{microseconds:,.{decimals}f}"


def peers_table(case: Case, found: Sequence[Measured]) -> str:
    """A case's peers: microseconds a step, and how they compare."""
    rows = [one for one in found if one.case == case.name]
    by_name = {one.peer: one for one in rows if one.rounds}
    head = ["median", "middle half", "best", "best / floor", "x floor", "x bpnet-numpy"]
    title, lines, notes = f"{case.shape}, {case.way}", [], []
    for one in rows:
        if not one.rounds:
            notes.append(f"{one.peer}: {one.skipped}")
            continue
        low, high = one.quartiles
        floor, mine = by_name.get("floor"), by_name.get("bpnet-numpy")
        cells = [
            duration(one.median),
            f"{duration(low)} - {duration(high)}",
            duration(one.best),
            f"{one.best / floor.best:.2f}" if floor else "",
            f"{one.over(floor):.2f}" if floor else "",
            f"{one.over(mine):.2f}" if mine else "",
        ]
        lines.append([one.peer, *cells])
    if not lines:
        return f"{title}: no peer was measured ({rows[0].skipped})"
    return "\n".join([title, table(["microseconds a step", *head], lines), *notes])


def bars_table(bars: Sequence[Bar]) -> str:
    """Each bar with its verdict."""
    return table(["bar", "measured", "at most", ""], [bar.row() for bar in bars])


def peers_record(cases: Sequence[Case], found: Sequence[Measured]) -> list[dict[str, Any]]:
    """For JSON: each case with its peers."""
    records = []
    for case in cases:
        rows = [one for one in found if one.case == case.name]
        floor = next((one for one in rows if one.peer == "floor" and one.rounds), None)
        peers = {}
        for one in rows:
            if not one.rounds:
                peers[one.peer] = {"skipped": one.skipped}
                continue
            peers[one.peer] = {
                "median_us": round(one.median, 3),
                "quartiles_us": [round(q, 3) for q in one.quartiles],
                "best_us": round(one.best, 3),
                "over_floor": round(one.over(floor), 4) if floor else None,
                "differences": one.differences,
                "rounds_us": [[round(piece, 3) for piece in pieces] for pieces in one.rounds],
            }
        records.append(case.record() | {"name": case.name, "peers": peers})
    return records


def write(folder: Path, name: str, record: dict[str, Any]) -> Path:
    """A record as JSON, its date in its name."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC)
    path = folder / f"{name}-{now:%Y-%m-%d}.json"
    text = json.dumps({"date": now.isoformat(timespec="seconds"), **record}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path
