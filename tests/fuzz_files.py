"""Hand readers damaged files, a seed each, and print what goes wrong.

``python tests/fuzz_files.py --format model --runs 20000`` does that many; with ``--first SEED
--runs 1`` it repeats one, and ``--write FILE`` writes it. The tests do some of each format.
"""

import argparse
import time
from pathlib import Path

from fuzz import trials
from fuzz.bad_reader import BadReader
from fuzz.checkpoint_files import CheckpointFiles
from fuzz.data_files import (
    CsvFiles,
    IdxFiles,
    JsonFiles,
    NpyFiles,
    NpzFiles,
    PackedCsvFiles,
    ParquetFiles,
)
from fuzz.model_files import ModelFiles
from fuzz.settings_files import SettingsFiles

FORMATS = {
    form.name: form
    for form in (
        ModelFiles(),
        CheckpointFiles(),
        IdxFiles(),
        NpyFiles(),
        NpzFiles(),
        CsvFiles(),
        PackedCsvFiles(),
        JsonFiles(),
        ParquetFiles(),
        SettingsFiles(),
        BadReader(),
    )
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the first, and end")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    stop = given.first + given.runs
    if given.write is not None:
        given.write.write_bytes(trials.case(FORMATS[given.format], given.first))
        return 0
    if given.worker:
        trials.work(FORMATS[given.format], given.first, stop)
        return 0
    began = time.monotonic()
    counts, failures = trials.run(
        given.format,
        given.first,
        stop,
        lambda seed, said: print(f"seed {seed}: {said}", flush=True),
    )
    print(
        f"{given.format}: {given.runs} files, {counts['accepted']} accepted, "
        f"{counts['refused']} refused, {len(failures)} failures, {time.monotonic() - began:.0f} s"
    )
    return bool(failures)


if __name__ == "__main__":
    raise SystemExit(main())
