"""Ranks that are killed, and resumed on another number of them."""

import pytest
from _launch import why_not
from kill_and_resume_ranks import kill_and_resume_ranks

pytestmark = pytest.mark.skipif(bool(why_not("mpi")), reason=why_not("mpi") or "-")


@pytest.mark.parametrize(
    ("kills", "seed", "backend", "most"),
    [(2, 0, "numpy", 5), (1, 1, "torch", 2), (1, 3, "numpy", 5)],
    ids=["numpy", "torch-streamed", "batch-norm-streamed"],
)
def test_killed_at_random_moments_and_resumed(tmp_path, kills, seed, backend, most):
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    seen = kill_and_resume_ranks(kills, tmp_path, seed, [backend], most)
    assert seen["kills"] == kills
    assert seen["runs"] >= 1
