"""Processes that are killed and resumed."""

import os

import pytest
from kill_and_resume import kill_and_resume


@pytest.mark.skipif(os.name != "posix", reason="sends signals to a process")
@pytest.mark.parametrize(
    ("library", "kills", "seed"),
    [("numpy", 7, 0), ("numpy", 7, 1), ("torch", 2, 1), ("jax", 2, 0)],
    ids=["numpy", "numpy-streamed", "torch-streamed", "jax"],
)
def test_killed_at_random_moments_and_resumed(tmp_path, library, kills, seed):
    pytest.importorskip(library, reason=f"{library} is not installed")
    seen = kill_and_resume(library, kills, tmp_path, seed)
    assert seen["kills"] == kills
    assert seen["streamed"] == seen["runs"] * seed == seed
