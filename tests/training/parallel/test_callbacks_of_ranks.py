"""What stops, judges or observes a fit of several ranks: all of them end alike."""

from _launch import succeeded

SCRIPT = """
import os, signal
import numpy as np
import bpnet
from bpnet.data import ArraySource
from bpnet.parallel.launch import communicator_of

ranks = communicator_of("mpi", bpnet.get_backend("numpy"))
is_last = ranks.rank == ranks.size - 1
x = np.random.default_rng(0).normal(size=(100, 6))
y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
held_out = x[:40], y[:40]
found = {}

class When(bpnet.Callback):
    \"\"\"Does something at the k-th of some moments, on the last rank alone.\"\"\"
    def __init__(self, moment, k, do):
        self.moment, self.left, self.do = moment, k, do
    def told(self, moment, fit):
        if is_last and moment == self.moment:
            self.left -= 1
            if not self.left:
                self.do(fit)
    def on_fit_begin(self, fit):
        self.told("begin", fit)
    def on_steps(self, fit, steps):
        self.told("steps", fit)
    def on_epoch_end(self, fit, row):
        self.told("epoch", fit)

def new():
    return bpnet.Network([6, bpnet.Layer(8, dropout=0.2), 3], cost="log_likelihood", seed=3)

def note(name, net, history):
    rows = [[row[k] for k in row if k not in ("seconds", "communication")] for row in history]
    state = [np.asarray(a).tobytes() for part in net.state
             for a in (part if isinstance(part, tuple) else (part,))]
    told = history.stopped, net.epochs, history.best_epoch
    everyone = ranks.gather_objects((rows, state, told, net.steps))
    assert all(one == everyone[0] for one in everyone), name
    found[name] = told

def fit(name, *callbacks, net=None, samples=(x, y), **given):
    net = net or new()
    given = {"epochs": 4, "batch_size": 16, "callbacks": callbacks, **given}
    note(name, net, net.fit(*samples, parallel="mpi", progress=False, **given))
    return net

interrupt = lambda fit: os.kill(os.getpid(), signal.SIGINT)
stop_now = lambda fit: fit.stop("mine", now=True)
fit("stops at the beginning", When("begin", 1, stop_now))
fit("stops after an epoch", When("epoch", 2, lambda fit: fit.stop("mine")))
limit = When("begin", 1, lambda fit: fit.limit_block(2))
fit("stops within one", limit, When("steps", 2, stop_now))
fit("interrupted", When("epoch", 2, interrupt))
fit("interrupted, streamed", When("epoch", 2, interrupt), samples=(ArraySource(x, y),))
fit("best", bpnet.KeepBest("validation_cost"), validation=held_out, optimizer=bpnet.Adam(0.3))
fit("best of training", bpnet.KeepBest("train_cost"), samples=(ArraySource(x, y),))
fit("early", bpnet.EarlyStopping("validation_cost", patience=1), validation=held_out,
    epochs=20, optimizer=bpnet.Adam(0.5))
fit("plateau", bpnet.ReduceOnPlateau("validation_cost", patience=1), validation=held_out,
    optimizer=bpnet.SGD(2.0))
fit("out of time", bpnet.Budget(seconds=0.1), epochs=10**6)
twice = fit("first", epochs=1)
fit("second", net=twice, epochs=1)
note("plain", twice, twice.fit(x, y, epochs=1, batch_size=16))

for name, leave in (("left", True), ("stopped in a loop", False)):
    net = new()
    with net.fitting(x, y, epochs=4, batch_size=16, parallel="mpi") as loop:
        for row in loop:
            if row["epoch"] == 2:
                if leave:
                    break
                if is_last:
                    loop.stop("mine")
    note(name, net, loop.history)
answer(found)
"""


def test_all_ranks_end_alike():
    answers = succeeded(SCRIPT, ranks=3).answers
    best = answers[0].pop("best")
    early = answers[0].pop("early")
    out_of_time = answers[0].pop("out of time")
    assert answers[0] == {
        "stops at the beginning": ("mine", 0, None),
        "stops after an epoch": ("mine", 2, None),
        "stops within one": ("mine", 0, None),
        "interrupted": ("interrupted", 2, None),
        "interrupted, streamed": ("interrupted", 2, None),
        "best of training": ("completed", 4, 4),
        "plateau": ("completed", 4, None),
        "first": ("completed", 1, None),
        "second": ("completed", 2, None),
        "plain": ("completed", 3, None),
        "left": ("left", 2, None),
        "stopped in a loop": ("mine", 2, None),
    }
    assert best[:2] == ("completed", 4)
    assert early[0] == "early"
    assert early[1] == early[2] + 1
    assert out_of_time[0] == "budget"


RESUMED = """
import pathlib
import numpy as np
import bpnet
from bpnet.parallel.launch import communicator_of

ranks = communicator_of("mpi", bpnet.get_backend("numpy"))
x, y = np.random.default_rng(0).normal(size=(60, 6)), np.arange(60) % 3
folder = pathlib.Path(FOLDER if ranks.rank == 0 else "/nowhere")

def trained(resume=None, **given):
    net = bpnet.Network([6, 8, 3], cost="log_likelihood", seed=3)
    net.fit(x, y, epochs=4, batch_size=16, parallel="mpi", resume=resume, **given)
    return net.epochs, net.state.theta.tobytes()

whole = trained(callbacks=[bpnet.Checkpoint(folder, keep=9)])
second = sorted(folder.glob("epoch-*"))[1:2]
resumed = trained(second[0] if second else None)  # as a program that looks for it does
named = trained(folder / "epoch-0002-step-00000008.safetensors")
try:
    trained(folder / "another")
    message = ""
except FileNotFoundError as error:
    message = str(error)
answer((whole, resumed, named, message))
"""


def test_the_first_rank_alone_has_the_checkpoints(tmp_path):
    answers = succeeded(f"FOLDER = {str(tmp_path)!r}\n{RESUMED}", ranks=2).answers
    for whole, resumed, named, message in answers:
        assert whole == answers[0][0]
        assert resumed == whole
        assert named == whole
        assert str(tmp_path / "another") in message
