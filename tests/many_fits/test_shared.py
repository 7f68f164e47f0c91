"""Tests for arrays that processes map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("joblib")

from bpnet.many_fits.shared import read_shared, write_shared


def test_large_arrays_are_mapped_once_and_small_ones_pickled(tmp_path: Path) -> None:
    large = np.arange(40_000.0).reshape(200, 200)
    value = {"x": large, "again": (large, large.T), "small": np.arange(3), "f": lambda: large}
    write_shared(value, tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 2  # the transposed one is another object
    found = read_shared(tmp_path)
    np.testing.assert_array_equal(found["x"], large)
    np.testing.assert_array_equal(found["again"][1], large.T)
    np.testing.assert_array_equal(found["f"](), large)
    assert isinstance(found["x"].base, np.memmap)
    assert not found["x"].flags.writeable
    assert found["small"].flags.writeable


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_memory_map_is_not_copied(order: str, tmp_path: Path) -> None:
    path, folder = tmp_path / "x.npy", tmp_path / "shared"
    folder.mkdir()
    np.save(path, np.asarray(np.random.default_rng(0).normal(size=(300, 70)), order=order))
    mapped = np.load(path, mmap_mode="r")
    write_shared([mapped], folder)
    assert not list(folder.glob("*.npy"))
    found = read_shared(folder)[0]
    np.testing.assert_array_equal(found, mapped)
    assert Path(found.base.filename) == path


def test_parts_and_changed_copies_of_a_map_are_written(tmp_path: Path) -> None:
    path, folder = tmp_path / "x.npy", tmp_path / "shared"
    folder.mkdir()
    np.save(path, np.random.default_rng(0).normal(size=(300, 70)))
    private = np.load(path, mmap_mode="c")
    private[0] = 7.0
    part = np.load(path, mmap_mode="r")[10:]
    write_shared([private, part, part[::2]], folder)
    found = read_shared(folder)
    for one, expected in zip(found, [private, part, part[::2]], strict=True):
        np.testing.assert_array_equal(one, expected)
