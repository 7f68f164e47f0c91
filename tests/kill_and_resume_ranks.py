"""Kill ranks at random moments, resume on another number of them, compare with one process let be.

``python tests/kill_and_resume_ranks.py --kills 50`` prints what came of it; the tests kill less
often. SIGKILL goes to one rank, to all, or to the launcher as well, at any moment or while a
checkpoint is saved. Runs take turns: NumPy and PyTorch, streamed and in memory, with batch
normalization and without. The folder of checkpoints is one that only the first rank knows.
"""

import argparse
import contextlib
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from kill_and_resume import DONE, check_files, is_saving, result

EPOCHS, SAMPLES, BATCH, EVERY = 6, 200, 16, 5  # the last mini-batch of an epoch is smaller
MOST_RANKS, BLOCKS = 5, 4
LONGEST = 1.0  # seconds of training before a signal
WHOM = ("one", "all", "launcher")
PATIENCE = 120.0  # seconds after which ranks are taken to hang


def network(bpnet, kind, backend, seed):
    """One of two networks."""
    hidden = [
        bpnet.Layer(24, activation="relu", normalization="layer", dropout=0.2),
        bpnet.Layer(24, activation="tanh", residual=True),
    ]
    if kind == "batch norm":
        hidden = [bpnet.Layer(24, activation="relu", normalization="batch", dropout=0.2)]
    return bpnet.Network(
        [bpnet.Layer(7, noise=0.05), *hidden, 3],
        cost="log_likelihood",
        backend=backend,
        seed=seed,
    )


def train(case, folder, parallel):
    """Train, or go on with what killed ranks began; at the end write what came of it."""
    import bpnet
    import bpnet.training.streaming
    from bpnet.parallel.launch import communicator_of

    flush = os.fsync

    def slowly(handle):
        """As a disk does that has more to write."""
        time.sleep(0.003)
        flush(handle)

    os.fsync = slowly
    bpnet.training.streaming._LEAST_ROWS = SAMPLES // 4  # more than one buffer an epoch
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES + 60, 7))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)
    net = network(bpnet, case["network"], case["backend"], case["seed"])
    ranks = communicator_of(parallel, net.backend)
    folder = Path(folder) if ranks.rank == 0 else Path("/nowhere", str(ranks.rank))
    checkpoints = folder / "checkpoints"

    class Ready(bpnet.Callback):
        """Tells that there was a first block of steps."""

        told = False

        def on_steps(self, fit, steps):
            if not self.told:
                self.told = True
                os.write(1, f"ready {os.getpid()}\n".encode())  # in one piece

    given = {"sample_weight": np.linspace(0.5, 2.0, SAMPLES), "evaluate_training": True}
    samples = x[:SAMPLES], y[:SAMPLES]
    if case["streamed"]:
        samples, given = (bpnet.data.ArraySource(*samples),), {}
    history = net.fit(
        *samples,
        epochs=EPOCHS,
        batch_size=BATCH,
        optimizer=bpnet.Adam(bpnet.schedules.Cosine(0.01, steps=EPOCHS * -(-SAMPLES // BATCH))),
        average=0.99,
        l2=1e-4,
        clip_norm=1.0,
        validation=(x[SAMPLES:], y[SAMPLES:]),
        metrics=["log_loss", "balanced_accuracy"],
        callbacks=[
            bpnet.EarlyStopping(patience=4),
            bpnet.ReduceOnPlateau(patience=1),
            Ready(),
            bpnet.CSVLog(folder / "log.csv"),
            bpnet.Checkpoint(checkpoints, every_steps=EVERY, keep=2, best="validation_cost"),
        ],
        progress=False,
        resume=checkpoints if checkpoints.is_dir() and any(checkpoints.glob("epoch-*")) else None,
        parallel=parallel,
        blocks=BLOCKS,
        **given,
    )
    rows = [
        {k: v for k, v in row.items() if k not in ("seconds", "communication")} for row in history
    ]
    told = json.dumps([rows, history.stopped, history.best_epoch, net.epochs, net.steps])
    state = [array for part in net.state for array in (part if type(part) is tuple else (part,))]
    arrays = {f"state{k}": net.backend.to_numpy(one) for k, one in enumerate(state)}
    ends = ranks.gather_objects((told, [one.tobytes() for one in arrays.values()]))
    assert all(end == ends[0] for end in ends), "ranks differ in the end"
    if ranks.rank == 0:
        history.to_csv(folder / "history.csv")
        with (folder / "new.npz").open("wb") as file:
            np.savez(file, told=told, **arrays)
        os.replace(folder / "new.npz", folder / DONE)


def start(case, folder, ranks):
    """Ranks that train; one process alone where ``ranks`` is 0."""
    from _launch import FOR_OPEN_MPI, executable  # it needs pytest, which ranks do without

    command = [sys.executable, __file__, "--train", str(folder), "--case", json.dumps(case)]
    if ranks:
        command = [executable("mpiexec"), "-n", str(ranks), *command, "--parallel", "mpi"]
    root = os.fspath(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **FOR_OPEN_MPI,
            **os.environ,
            **threads,
            "PYTHONPATH": paths,
            "BPNET_KILLED": str(folder),
        },
        start_new_session=True,
    )


def end(job, folder):
    """Kill what is left of a job; the processes that were."""
    from _launch import end_job

    return end_job(job, str(folder))


def finished(job, folder):
    """What ranks wrote that are not killed."""
    try:
        told, _ = job.communicate(timeout=PATIENCE)
    finally:
        end(job, folder)
    assert job.returncode == 0, told.decode(errors="replace")
    return result(folder)


def ready_ranks(job, ranks):
    """Process ids of all ranks, once each has done a block of steps; those of a job that fails."""
    told, deadline = b"", time.monotonic() + PATIENCE
    while len(pids := re.findall(rb"ready (\d+)\n", told)) < ranks:
        assert time.monotonic() < deadline, told.decode(errors="replace")
        if select.select([job.stdout], [], [], 1.0)[0]:
            part = os.read(job.stdout.fileno(), 4096)
            if not part:
                break
            told += part
    return [int(pid) for pid in pids], told


def kill(job, run, ranks, dice):
    """Kill a job; whom, whether while it saved, and how long it took to end. None if it had."""
    pids, told = ready_ranks(job, ranks)
    if not pids:  # nothing was left to do after the last checkpoint
        assert finished(job, run) is not None, told.decode(errors="replace")
        return None
    time.sleep(dice.uniform(0.0, LONGEST))
    saving = dice.random() < 0.5
    if saving:
        while job.poll() is None and not is_saving(run / "checkpoints"):
            pass
    whom = dice.choice(WHOM)
    victims = [dice.choice(pids)] if whom == "one" else pids
    alive = job.poll() is None
    for pid in [job.pid, *victims] if whom == "launcher" else victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    try:
        job.wait(PATIENCE)
    finally:
        left = end(job, run)
        job.stdout.close()
    if not alive or result(run) is not None:
        return None
    assert job.returncode != 0, told.decode(errors="replace")
    assert whom == "launcher" or not left, f"{left} outlived a kill of {whom}"
    return whom, saving, time.monotonic() - began


def kill_and_resume_ranks(kills, folder, seed=0, backends=("numpy", "torch"), most=MOST_RANKS):
    """Kill so often, over as many runs as that takes; what was seen, once all ended alike."""
    dice = random.Random(seed)
    seen = {"runs": 0, "kills": 0, **dict.fromkeys(WHOM, 0), "while saving": 0}
    seen |= {"before any checkpoint": 0, "within an epoch": 0, "streamed": 0, "batch norm": 0}
    seen |= {"torch": 0, "jobs on 1 to 5 ranks": [0] * MOST_RANKS, "longest end": 0.0}
    while seen["kills"] < kills:
        case = {
            "backend": backends[seed // 4 % len(backends)],
            "streamed": seed % 2 == 1,
            "network": ("plain", "batch norm")[seed // 2 % 2],
            "seed": seed,
        }
        run, whole = folder / f"run-{seed}", folder / f"whole-{seed}"
        for one in (run, whole):
            one.mkdir(parents=True)
        expected = finished(start(case, whole, 0), whole)
        while (found := result(run)) is None:
            ranks = dice.randint(1, most)
            seen["jobs on 1 to 5 ranks"][ranks - 1] += 1
            job = start(case, run, ranks)
            if seen["kills"] == kills:
                finished(job, run)
                continue
            killed = kill(job, run, ranks, dice)
            if killed is None:
                continue
            whom, saving, seconds = killed
            seen["kills"] += 1
            seen[whom] += 1
            seen["while saving"] += saving
            seen["longest end"] = max(seen["longest end"], round(seconds, 1))
            names = [one.name for one in (run / "checkpoints").glob("epoch-*")]
            steps = [int(one[-20:-12]) for one in names]
            seen["before any checkpoint"] += not steps
            seen["within an epoch"] += bool(steps) and max(steps) % -(-SAMPLES // BATCH) != 0
        differ = [k for k, array in expected.items() if found[k].tobytes() != array.tobytes()]
        assert not differ, f"{case}: {differ} differ after {seen['kills']} kills"
        check_files(run)
        seen["runs"] += 1
        seen["streamed"] += case["streamed"]
        seen["batch norm"] += case["network"] == "batch norm"
        seen["torch"] += case["backend"] == "torch"
        seed += 1
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", metavar="FOLDER", help="be a rank that is killed")
    parser.add_argument("--case", type=json.loads)
    parser.add_argument("--parallel", default="serial")
    options = parser.parse_args()
    if options.train:
        train(options.case, options.train, options.parallel)
    else:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            seen = kill_and_resume_ranks(options.kills, Path(folder), options.seed)
            words = ", ".join(f"{what}: {number}" for what, number in seen.items())
            print(f"{words}; {time.monotonic() - began:.0f} s")
