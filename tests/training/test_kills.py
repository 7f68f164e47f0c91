"""Processes that are killed and resumed."""

import os

import pytest
from kill_and_resume import kill_and_resume


@pytest.mark.skipif(os.name != "posix", reason="sends SIGKILL to a process")
@pytest.mark.parametrize(("library", "kills"), [("numpy", 12), ("torch", 2), ("jax", 2)])
def test_killed_at_random_moments_and_resumed(tmp_path, library, kills):
    pytest.importorskip(library, reason=f"{library} is not installed")
    seen = kill_and_resume(library, kills, tmp_path, seed=1)
    assert seen["kills"] == kills
