"""What trainings come to here, and how that differs from a record."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .. import machine
from .configurations import CONFIGURATIONS
from .digests import Found

__all__ = ["compare", "differences", "environment", "record", "repeat"]


def environment() -> dict[str, Any]:
    """What bits depend on besides bpnet."""
    try:
        import threadpoolctl

        scipy = importlib.metadata.version("scipy")
    except ImportError as error:
        needed = "SciPy, and threadpoolctl, which knows OpenBLAS's core type"
        raise SystemExit(f"bits need {needed}: pip install scipy threadpoolctl") from error
    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    blas = [one for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    return {
        "NumPy": np.__version__,
        "SciPy": scipy,
        "BLAS": [f"{one['internal_api']} {one['version']}" for one in blas],
        "core type": [one.get("architecture", "unknown") for one in blas],
        "threads": [one["num_threads"] for one in blas],
        "vector extensions": [*simd["baseline"], *simd["found"]],
        "system": f"{platform.system()} {platform.machine()}",
        "C library": " ".join(platform.libc_ver()),
    }


def repeat() -> dict[str, Found]:
    """Train each; of one that fails, the error takes the place of its digests."""
    found: dict[str, Found] = {}
    with tqdm(CONFIGURATIONS.items(), unit="training", dynamic_ncols=True, disable=None) as bar:
        for name, make in bar:
            try:
                found[name] = make()
            except Exception as error:
                bar.write(f"{name}:\n{traceback.format_exc()}", file=sys.stderr)
                found[name] = {"error": f"{type(error).__name__}: {error}"}
    return found


def differences(recorded: dict[str, Found], found: dict[str, Found]) -> list[str]:
    """A line for each training that did not leave what was recorded."""
    lines = []
    for name in {**recorded, **found}:
        if name not in found:
            lines.append(f"{name}: recorded, but there is no such training")
        elif name not in recorded:
            lines.append(f"{name}: not in the record")
        elif "error" in found[name]:
            lines.append(f"{name}: failed with {found[name]['error']}")
        elif found[name] != recorded[name]:
            before, after = recorded[name], found[name]
            what = [one for one in {**before, **after} if before.get(one) != after.get(one)]
            lines.append(f"{name}: {', '.join(what)}")
    return lines


def record(path: Path, here: dict[str, Any]) -> int:
    """Write what each training leaves; 1, and nothing written, where one failed."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    about = {"date": now, "machine": machine.facts(1), "environment": here}
    found = repeat()
    failed = [name for name, one in found.items() if "error" in one]
    if failed:
        print(f"{len(failed)} of {len(found)} trainings failed; nothing was written")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(about | {"configurations": found}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {path}: {len(found)} configurations")
    return 0


def compare(recorded: dict[str, Found]) -> int:
    """Print what differs from a record; 1 where anything does."""
    found = repeat()
    lines = differences(recorded, found)
    total = len({**recorded, **found})
    print("\n".join([*lines, f"{total - len(lines)} of {total} configurations equal"]))
    return int(bool(lines))
