"""Ranks that fail at random moments of real fits: how each job ended, and how soon.

    PYTHONPATH=.:tests python tests/kill_ranks.py --times 20 --engine mpi

The name starts with no `test_`: it takes minutes.
"""

import argparse
import random

from _launch import run_ranks

SOURCE = """
import os, signal, sys, threading, time
import numpy as np, bpnet
from bpnet.parallel import communicator_of
c = communicator_of({engine!r}, bpnet.get_backend("numpy"))
class Fails(bpnet.Callback):
    def on_steps(self, *args):
        if c.rank == {victim} and time.monotonic() > begin + {after}:
            if {how!r} == "raises":
                raise ValueError("on purpose")
            if {how!r} == "memory":
                np.zeros(2**55)
            if {how!r} == "exits":
                sys.exit(3)
def strike():
    if {how!r} == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if {how!r} == "os._exit":
        os._exit(3)
if c.rank == {victim}:
    threading.Timer({after}, strike).start()
begin = time.monotonic()
rng = np.random.default_rng(0)
x, y = rng.standard_normal((2000, 20)), rng.integers(0, 3, 2000)
net = bpnet.Network([20, 64, 3], cost="log_likelihood", seed=1)
net.fit(x, y, epochs=100000, batch_size=20, parallel={engine!r}, callbacks=[Fails()])
"""
WAYS = ("raises", "memory", "exits", "killed", "os._exit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--engine", default="mpi")
    parser.add_argument("--ranks", type=int, default=3)
    settings = parser.parse_args()
    good = 0
    for number in range(settings.times):
        how, after = WAYS[number % len(WAYS)], random.uniform(0.0, 3.0)
        victim = random.randrange(settings.ranks)
        source = SOURCE.format(how=how, after=after, victim=victim, engine=settings.engine)
        job = run_ranks(source, settings.ranks, settings.engine, timeout=after + 40.0)
        own = f"rank {victim} of {settings.ranks} on " if how in WAYS[:3] else ""
        good += job.status != 0 and own in job.output and job.seconds < after + 30.0
        print(
            f"{how:9} rank {victim} after {after:.1f} s: status {job.status}, "
            f"{job.seconds:.1f} s, own message {own in job.output}",
            flush=True,
        )
    print(f"{good} of {settings.times}")


if __name__ == "__main__":
    main()
