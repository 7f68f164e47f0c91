"""Jobs whose ranks fail: they end within 30 seconds, not well, and with that rank's own message.

tests/kill_ranks.py does so at many random moments.
"""

import random

import pytest
from _launch import run_ranks, succeeded

TRAINING = """
import os, signal, sys, threading, time
import numpy as np, bpnet
from bpnet.parallel import communicator_of
from bpnet.parallel.failures import failures_end_the_job
def strike():
    if {how!r} == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if {how!r} == "os._exit":
        os._exit(3)
def fails():
    if {how!r} == "raises":
        raise ValueError("on purpose")
    if {how!r} == "memory":
        np.zeros(2**55)
    if {how!r} == "exits":
        sys.exit(3)
c = communicator_of({engine!r}, bpnet.get_backend("numpy"))
if c.rank == 1:
    threading.Timer({after}, strike).start()
with failures_end_the_job(c, wait=1.0):
    begin = time.monotonic()
    while time.monotonic() < begin + 60.0:
        c.all_gather(np.zeros(1000))
        if c.rank == 1 and time.monotonic() > begin + {after}:
            fails()
"""
OWN = {
    "raises": "ValueError: on purpose\nrank 1 of {} on ",
    "memory": "_ArrayMemoryError: Unable to allocate",
    "exits": "SystemExit: 3\nrank 1 of {} on ",
    "killed": "signal 9",
    "os._exit": "",
}


@pytest.mark.parametrize(
    ("engine", "how"),
    [*(("mpi", how) for how in OWN), ("torch", "raises"), ("torch", "killed")],
)
def test_a_rank_that_fails_ends_the_job(engine, how):
    ranks = 3 if engine == "mpi" else 2
    source = TRAINING.format(how=how, engine=engine, after=random.uniform(0.0, 0.5))
    job = run_ranks(source, ranks, engine, timeout=30)
    assert job.status != 0
    assert OWN[how].format(ranks).lower() in job.output.lower(), job.output
    if how in ("raises", "exits") and engine == "mpi":
        assert job.output.count("Traceback") == 1, job.output


ALIKE = """
import numpy as np, bpnet
from bpnet.parallel import communicator_of
from bpnet.parallel.failures import failures_end_the_job
c = communicator_of({engine!r}, bpnet.get_backend("numpy"))
caught = []
for error in (ValueError("all of us"), SystemExit(3), KeyboardInterrupt(), MemoryError()):
    try:
        with failures_end_the_job(c):
            c.barrier()
            raise error
    except BaseException as found:
        caught.append(found is error)
answer((caught, c.all_gather(np.array([c.rank])).tolist()))
"""


@pytest.mark.parametrize(("engine", "ranks"), [("mpi", 3), ("torch", 2)])
def test_what_all_ranks_raise_can_be_caught_and_the_program_goes_on(engine, ranks):
    expected = [True] * 4, [[rank] for rank in range(ranks)]
    assert succeeded(ALIKE.format(engine=engine), ranks, engine).answers == [expected] * ranks


@pytest.mark.parametrize("engine", ["mpi", "torch"])
def test_what_a_rank_raises_when_the_others_have_ended_is_told(engine):
    source = f"""
import time, bpnet
from bpnet.parallel import communicator_of
from bpnet.parallel.failures import failures_end_the_job
c = communicator_of({engine!r}, bpnet.get_backend("numpy"))
with failures_end_the_job(c, wait=1.0):
    c.barrier()
    if c.rank == 1:
        time.sleep(2.0)
        try:
            raise ConnectionError("to a database")
        finally:
            print("tidied up", flush=True)
"""
    job = run_ranks(source, 2, engine, timeout=30)
    assert job.status != 0
    assert "ConnectionError: to a database\nrank 1 of 2 on " in job.output, job.output


LEAVES = """
import sys, bpnet, numpy as np
from bpnet.parallel import communicator_of
from bpnet.parallel.failures import failures_end_the_job
c = communicator_of("mpi", bpnet.get_backend("numpy"))
with failures_end_the_job(c):
    c.barrier()
if c.rank == 1:
    {leaves}
with failures_end_the_job(c):
    c.barrier()
"""


@pytest.mark.parametrize("leaves", ["raise OSError('no data')", "sys.exit(3)", "sys.exit()"])
def test_a_rank_whose_program_ends_before_a_fit_of_the_others_ends_the_job(leaves):
    job = run_ranks(LEAVES.format(leaves=leaves), 3, "mpi", timeout=30)
    assert job.status != 0
    told = "rank 1 of 3 on "
    assert told in job.output, job.output
    assert "has ended its program, and others are in a fit that needs it" in job.output
    assert ("OSError: no data" in job.output) == ("OSError" in leaves)


@pytest.mark.parametrize("last", ["whole", "pair"])
def test_so_it_does_whichever_of_its_communicators_they_use(last):
    source = f"""
import bpnet, numpy as np
from mpi4py import MPI
from bpnet.parallel.failures import failures_end_the_job
from bpnet.parallel.mpi import MPICommunicator
world = MPI.COMM_WORLD
kinds = {{"whole": lambda: world, "pair": lambda: world.Split(world.rank % 2)}}
made = {{name: MPICommunicator(kinds[name]()) for name in sorted(kinds, key="{last}".__eq__)}}
for one in made.values():
    with failures_end_the_job(one):
        one.barrier()
assert {{name: one.size for name, one in made.items()}} == {{"whole": 4, "pair": 2}}
if world.rank == 2:
    raise OSError("no data")
for one in made.values():
    with failures_end_the_job(one):
        one.barrier()
"""
    job = run_ranks(source, 4, "mpi", timeout=30)
    assert job.status != 0
    assert "OSError: no data" in job.output
    assert "has ended its program, and others are in a fit that needs it" in job.output


def test_groups_train_networks_of_their_own_at_the_same_time():
    source = """
import numpy as np
import bpnet
from mpi4py import MPI
from bpnet.parallel.mpi import MPICommunicator

world = MPI.COMM_WORLD
group = MPICommunicator(world.Split(world.rank % 2))
x, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
same = []
for seed, parallel in ((world.rank % 2, group), (2, "mpi")):
    several, alone = (
        bpnet.Network([4, 5, 3], cost="log_likelihood", seed=seed, dtype="float64")
        for _ in range(2)
    )
    several.fit(x, y, epochs=2 + 3 * seed, parallel=parallel)
    alone.fit(x, y, epochs=2 + 3 * seed, parallel="serial")
    same.append(bool((several.state.theta == alone.state.theta).all()))
answer((group.size, same))
"""
    assert succeeded(source, 4, "mpi").answers == [(2, [True, True])] * 4


def test_a_rank_that_goes_on_alone_is_waited_for():
    source = """
import time, bpnet
from bpnet.parallel import communicator_of
from bpnet.parallel.failures import failures_end_the_job
c = communicator_of("mpi", bpnet.get_backend("numpy"))
with failures_end_the_job(c):
    c.barrier()
if c.rank == 0:
    time.sleep(1.0)
    answer("written")
"""
    assert succeeded(source, 3, "mpi").answers == ["written", None, None]
