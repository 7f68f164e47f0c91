"""Kill a training process at random moments, resume it, and compare with one that was let be.

``python tests/kill_and_resume.py --kills 50 --backend numpy`` prints what came of it; the tests
call `kill_and_resume` with fewer. A process gets SIGKILL or SIGTERM, of which it learns nothing, or
SIGINT, after which it ends in order; at any moment, or while it saves a checkpoint. Every other run
streams its samples. After the last resume no temporary file or lock may be left.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

EPOCHS, SAMPLES, BATCH, EVERY = 40, 300, 16, 7  # the last mini-batch of an epoch is smaller
LONGEST = {"numpy": 0.25, "torch": 0.5, "jax": 1.0}  # seconds of training before a signal
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
INTERRUPTED = 130
DONE = "done.npz"
_COMPILED_ONCE = {
    "JAX_COMPILATION_CACHE_DIR": os.path.join(tempfile.gettempdir(), "bpnet-kill-and-resume"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


def train(backend, seed, folder):
    """Train, or go on with what a killed process began; at the end write what came of it."""
    import bpnet
    import bpnet.training.streaming

    # A shell lets what it runs in the background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    flush = os.fsync

    def slowly(handle):
        """As a disk does that has more to write."""
        time.sleep(0.003)
        flush(handle)

    os.fsync = slowly
    bpnet.training.streaming._LEAST_ROWS = SAMPLES // 4  # more than one buffer an epoch
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES + 60, 8))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] > 0.5)
    folder = Path(folder)

    class Ready(bpnet.Callback):
        """Tells that there was a first block of steps, after what is compiled for it."""

        told = False

        def on_steps(self, fit, steps):
            if not self.told:
                self.told = True
                print("ready", flush=True)

    net = bpnet.Network(
        [
            bpnet.Layer(8, noise=0.05),
            bpnet.Layer(24, activation="relu", normalization="batch", dropout=0.2),
            bpnet.Layer(24, activation="tanh", residual=True, dropout=0.1),
            3,
        ],
        cost="log_likelihood",
        backend=backend,
        seed=seed,
    )
    checkpoints = folder / "checkpoints"
    begun = checkpoints.is_dir() and any(checkpoints.glob("epoch-*"))
    samples = x[:SAMPLES], y[:SAMPLES]
    if seed % 2:
        samples = (bpnet.data.ArraySource(*samples),)
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
            bpnet.EarlyStopping(patience=30),
            bpnet.ReduceOnPlateau(patience=5),
            Ready(),
            bpnet.CSVLog(folder / "log.csv"),
            bpnet.Checkpoint(checkpoints, every_steps=EVERY, keep=2, best="validation_cost"),
        ],
        progress=False,
        resume=checkpoints if begun else None,
    )
    if history.stopped == "interrupted":
        sys.exit(INTERRUPTED)
    history.to_csv(folder / "history.csv")
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
    told = json.dumps([rows, history.stopped, history.best_epoch, net.epochs, net.steps])
    with (folder / "new.npz").open("wb") as file:
        np.savez(
            file,
            told=told,
            **{f"own.{k}": np.asarray(one) for k, one in enumerate(net.weights + net.biases)},
            **{f"mean.{k}": np.asarray(one) for k, one in enumerate(net.averaged().weights)},
            theta=np.asarray(net.state.theta),
            running=np.asarray(net.state.running[0]),
        )
    os.replace(folder / "new.npz", folder / DONE)


def process(backend, seed, folder):
    """A process that trains."""
    command = [sys.executable, __file__, "--train", str(folder), "--backend", backend]
    # The package beside these tests, whatever may be installed.
    root = os.fspath(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return subprocess.Popen(
        [*command, "--seed", str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**_COMPILED_ONCE, **os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths},
    )


def result(folder):
    """What a finished process wrote; None where there is none."""
    if not (folder / DONE).exists():
        return None
    with np.load(folder / DONE) as arrays:
        return {name: arrays[name] for name in arrays.files}


def finished(child, folder):
    """What a process wrote that is not killed."""
    told, errors = child.communicate()
    assert child.returncode == 0, f"{told}\n{errors}"
    return result(folder)


def is_saving(checkpoints):
    """Whether a checkpoint is half-written now."""
    try:
        return any(one.endswith(".bpnet-tmp") for one in os.listdir(checkpoints))
    except FileNotFoundError:
        return False


def kill(child, checkpoints, dice, longest):
    """Send a process a signal at some moment; its name, or None for one that had ended."""
    child.stdout.readline()  # the first steps, or the end of one that failed
    time.sleep(dice.uniform(0.0, longest))
    if dice.random() < 0.5:
        while child.poll() is None and not is_saving(checkpoints):
            pass
    name = dice.choice(SIGNALS)
    child.send_signal(getattr(signal, name))
    _, errors = child.communicate()
    if child.returncode == 0:
        return None
    allowed = {INTERRUPTED, -2} if name == "SIGINT" else {-getattr(signal, name)}
    assert child.returncode in allowed, f"{name}: {child.returncode}\n{errors}"
    return name


def check_files(run):
    """Hold what a finished run left against what it should have."""
    left = [one.relative_to(run).as_posix() for one in run.rglob("*") if one.name.startswith(".")]
    assert not left, f"{run}: {left} are left"
    log, history = ((run / name).read_text().splitlines() for name in ("log.csv", "history.csv"))
    without_seconds = [[line.rpartition(",")[0] for line in lines] for lines in (log, history)]
    assert without_seconds[0] == without_seconds[1], f"{run}: the log is not the history"


def kill_and_resume(backend, kills, folder, seed=0):
    """Kill so often, over as many runs as that takes; what was seen, once all ended alike."""
    dice = random.Random(seed)
    seen = {"runs": 0, "streamed": 0, "kills": 0, **dict.fromkeys(SIGNALS, 0)}
    seen |= {"within an epoch": 0, "half-written": 0, "before any": 0}
    while seen["kills"] < kills:
        run, whole = folder / f"run-{seed}", folder / f"whole-{seed}"
        for one in (run, whole):
            one.mkdir(parents=True)
        expected = finished(process(backend, seed, whole), whole)
        while (found := result(run)) is None:
            child = process(backend, seed, run)
            if seen["kills"] == kills:
                finished(child, run)
                continue
            name = kill(child, run / "checkpoints", dice, LONGEST[backend])
            if name is None:
                continue
            seen["kills"] += 1
            seen[name] += 1
            names = [one.name for one in (run / "checkpoints").glob("*")]
            steps = [int(one[-20:-12]) for one in names if one.startswith("epoch-")]
            seen["before any"] += not steps
            seen["within an epoch"] += bool(steps) and max(steps) % -(-SAMPLES // BATCH) != 0
            seen["half-written"] += any(one.endswith(".bpnet-tmp") for one in names)
        differ = [k for k, array in expected.items() if found[k].tobytes() != array.tobytes()]
        assert not differ, f"{backend}, seed {seed}: {differ} differ after {seen['kills']} kills"
        check_files(run)
        seen["runs"] += 1
        seen["streamed"] += seed % 2
        seed += 1
    return seen


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", metavar="FOLDER", help="be the process that is killed")
    options = parser.parse_args()
    if options.train:
        train(options.backend, options.seed, options.train)
    else:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            seen = kill_and_resume(options.backend, options.kills, Path(folder), options.seed)
            seconds = time.monotonic() - began
            words = ", ".join(f"{what}: {number}" for what, number in seen.items())
            print(f"{options.backend}: {words}; {seconds:.0f} s")
