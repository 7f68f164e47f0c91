"""Damaged files of each format: some hundred in each run of the tests, more with ``--runs``."""

import os

import pytest
from fuzz import trials

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are those of POSIX")


@pytest.mark.parametrize(
    "name",
    ["model", "checkpoint", "idx", "npy", "npz", "csv", "csv.gz", "jsonl", "parquet", "toml"],
)
def test_damaged_files_are_refused_or_usable(name, runs):
    """Of the seeds that fail, ``python tests/fuzz_files.py`` repeats and writes each."""
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="reads Parquet with pyarrow")
    counts, failures = trials.run(name, 0, runs(600))
    assert failures == {}
    assert min(counts.values()) > 0
