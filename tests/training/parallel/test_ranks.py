"""Real ranks: the bits of one, and the same history on each."""

import itertools

import numpy as np
import pytest
from _launch import run_ranks, succeeded

TRAIN = """
import sys
import numpy as np
import bpnet
from bpnet import Layer

rng = np.random.default_rng(1)
x, y = rng.normal(size=(53, 6)), np.arange(53) % 3
weights = np.linspace(0.1, 2.0, 53)
everything = {
    "optimizer": bpnet.Adam(bpnet.schedules.Cosine(0.01, 30)),
    "sample_weight": weights,
    "validation": 0.2,
    "alpha": 0.1,
    "l1": 1e-3,
    "clip_norm": 0.5,
    "average": 0.9,
    "metrics": ["f1"],
    "callbacks": [bpnet.EarlyStopping("validation_cost", patience=1, min_delta=0.05)],
}
networks = {
    "plain": [6, 8, 3],
    "dropout and noise": [Layer(6, noise=0.1, dropout=0.1), Layer(8, dropout=0.3), 3],
    "batch norm": [6, Layer(8, normalization="batch"), Layer(8, residual=True, dropout=0.2), 3],
}

def trained(parallel, backend, blocks):
    found = {}
    for name, sizes in networks.items():
        for settings in ({}, everything):
            net = bpnet.Network(
                sizes, cost="log_likelihood", seed=3, backend=backend, dtype="float64"
            )
            history = net.fit(
                x, y, epochs=3, batch_size=10, parallel=parallel, blocks=blocks, progress=False,
                **settings,
            )
            rows = [
                {k: v for k, v in row.items() if k not in ("seconds", "communication")}
                for row in history
            ]
            state = [net.backend.to_numpy(one) for part in net.state for one in
                     (part if isinstance(part, tuple) else (part,))]
            found[name, bool(settings)] = state, rows, history.stopped, net.epochs, net.steps
    return found
"""


def on_ranks(engine, backend, *blocks):
    """A script that answers what each rank has in the end."""
    each = ", ".join(f"trained({engine!r}, {backend!r}, {one})" for one in blocks)
    return f"{TRAIN}\nanswer([{each}])"


@pytest.fixture(scope="module")
def alone():
    """What one rank gives, by backend and blocks."""
    scope = {}
    exec(TRAIN, scope)
    kept = {}

    def found(backend, blocks):
        if (backend, blocks) not in kept:
            kept[backend, blocks] = scope["trained"]("serial", backend, blocks)
        return kept[backend, blocks]

    return found


def assert_equal(found, expected, *, exactly=True):
    assert found.keys() == expected.keys()
    for case, (state, rows, *rest) in found.items():
        own, own_rows, *own_rest = expected[case]
        assert rest == own_rest, case
        for one, other in itertools.zip_longest(state, own):
            if exactly:
                np.testing.assert_array_equal(one, other, err_msg=str(case))
            else:
                np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12, err_msg=str(case))
        if exactly:
            assert rows == own_rows, case


@pytest.mark.parametrize("ranks", [2, 3, 4, 5])
def test_the_bits_of_one_rank(ranks, alone):
    """With 4 parts, and with 3, so that some ranks have several and some have none."""
    source = on_ranks("mpi", "numpy", 4, 3)
    for answers in succeeded(source, ranks, "mpi").answers:
        for blocks, found in zip((4, 3), answers, strict=True):
            assert_equal(found, alone("numpy", blocks))


@pytest.mark.parametrize("engine", ["torch", "mpi"])
def test_the_bits_of_one_rank_with_pytorch(engine, alone):
    torch = pytest.importorskip("torch")
    source = on_ranks(engine, "torch", 4)
    job = succeeded(source, 2, engine)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for (found,) in job.answers:
            assert_equal(found, alone("torch", 4))
    finally:
        torch.set_num_threads(before)


def test_one_part_a_rank_agrees_to_rounding(alone):
    source = on_ranks("mpi", "numpy", None)
    first, *others = (answer for (answer,) in succeeded(source, 3, "mpi").answers)
    for found in others:
        assert_equal(found, first)
    assert_equal(first, alone("numpy", 1), exactly=False)


def test_ranks_that_differ_are_told_so_before_the_first_step():
    source = """
import os
import numpy as np
import scipy.sparse
import bpnet, bpnet.parallel.launch
rank = bpnet.parallel.launch.communicator_of("mpi", bpnet.get_backend("numpy")).rank
x, y = np.arange(20.0)[:, None], np.arange(20) % 2
told = []
for given in ({"batch_size": 4 + rank}, {"l2": 0.1 * rank}, {"epochs": 2 + rank}, "x", "seed",
              "sparse", "target", "held"):
    own = given if isinstance(given, dict) else {}
    net = bpnet.Network([1, 3, 2], seed=rank if given == "seed" else 0)
    before = net.state.theta.copy()
    x_own, y_own = x + rank if given == "x" else x, y
    if given == "sparse":
        x_own = scipy.sparse.csr_array(x + rank * (x == 7.0))
    if given == "target":
        y_own = np.where(np.arange(20) == 11 * rank, 1 - y, y)
    if given == "held":
        own = {"validation": (scipy.sparse.csr_array(x * (x != 5.0 + rank)), y)}
    try:
        net.fit(x_own, y_own, parallel="mpi", **{"epochs": 2, **own})
    except ValueError as error:
        told.append(str(error))
    assert (net.state.theta == before).all()
answer(told)
"""
    first, second = succeeded(source, 2, "mpi").answers
    assert first == second
    named = ("batch size", "l2", "epochs", "samples", "seed", "samples", "targets", "validation")
    for words, message in zip(named, first, strict=True):
        assert words in message
        assert "rank 1" in message


def test_a_parameter_that_differs_stops_the_run():
    source = """
import numpy as np
import bpnet, bpnet.parallel.launch

class Drift(bpnet.Callback):
    def on_epoch_end(self, fit, row):
        if communicator.rank == 1 and row["epoch"] == 1:
            weights = net.weights
            weights[0][0, 0] += 1e-6
            net.set_parameters(weights, net.biases)

net = bpnet.Network([2, 3, 1], seed=0)
communicator = bpnet.parallel.launch.communicator_of("mpi", net.backend)
x, y = np.ones((8, 2)), np.ones((8, 1))
try:
    net.fit(x, y, epochs=3, batch_size=4, parallel="mpi", callbacks=[Drift()])
except RuntimeError as error:
    answer(str(error))
"""
    for told in run_ranks(source, 2, "mpi").answers:
        assert "after epoch 2 the parameters of rank 1" in told


def test_one_rank_writes_and_shows():
    source = """
import contextlib, io, os, sys
import numpy as np
import bpnet, bpnet.parallel.launch
net = bpnet.Network([2, 3, 1], seed=0)
rank = bpnet.parallel.launch.communicator_of("mpi", net.backend).rank
told = io.StringIO()
x, y = np.ones((8, 2)), np.ones((8, 1))
with contextlib.redirect_stderr(told):
    net.fit(x, y, epochs=2, batch_size=4, parallel="mpi", progress=True,
            callbacks=[bpnet.CSVLog(f"log{rank}.csv"), bpnet.Checkpoint(f"checkpoints{rank}")])
answer((told.getvalue(), sorted(os.listdir())))
"""
    (shown, _), (nothing, there) = succeeded(source, 2, "mpi").answers
    assert "epoch 2" in shown
    assert nothing == ""
    assert "log0.csv" in there
    assert "checkpoints0" in there
    assert not {"log1.csv", "checkpoints1"} & set(there)


def test_a_rank_that_stops_stops_all():
    source = """
import numpy as np
import bpnet, bpnet.parallel.launch

class Enough(bpnet.Callback):
    def on_epoch_end(self, fit, row):
        if communicator.rank == 1 and row["epoch"] == 2:
            fit.stop("enough")

net = bpnet.Network([2, 3, 1], seed=0)
communicator = bpnet.parallel.launch.communicator_of("mpi", net.backend)
history = net.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=5, batch_size=4, parallel="mpi",
                  callbacks=[Enough()])
answer((net.epochs, history.stopped))
"""
    assert succeeded(source, 3, "mpi").answers == [(2, "enough")] * 3


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_random_order_of_the_program_is_that_of_the_first_rank(backend):
    source = f"""
import numpy as np
import bpnet, bpnet.parallel.launch

net = bpnet.Network([1, 3, 1], seed=0, backend={backend!r}, task="regression")
rank = bpnet.parallel.launch.communicator_of("mpi", net.backend).rank
rng = np.random.default_rng(rank)

class Order:
    def __call__(self, epoch):
        order = rng.permutation(8)
        if epoch == 2:
            order[1 - rank] += 8
        return net.backend.from_host(order, "int64")

x = np.arange(8.0)[:, None]
net.fit(x, x, epochs=2, batch_size=4, parallel="mpi", shuffle=Order(), metrics=["mae"])
try:
    net.fit(x, x, epochs=3, batch_size=4, parallel="mpi", shuffle=Order())
except ValueError as error:
    answer((net.backend.to_numpy(net.state.theta).tolist(), str(error)))
"""
    pytest.importorskip(backend)
    several, (alone,) = (succeeded(source, ranks, "mpi").answers for ranks in (2, 1))
    assert several == [alone] * 2
    assert "row numbers from" in alone[1]


@pytest.mark.parametrize("leaves", ["break", "raise KeyError('in the loop')"])
def test_a_rank_that_leaves_the_loop_alone_ends_the_job(leaves):
    source = f"""
import numpy as np
import bpnet, bpnet.parallel.launch

net = bpnet.Network([2, 3, 1], seed=0)
rank = bpnet.parallel.launch.communicator_of("mpi", net.backend).rank
x, y = np.ones((8, 2)), np.ones((8, 1))
with net.fitting(x, y, epochs=4, batch_size=4, parallel="mpi") as fit:
    for row in fit:
        if rank == 1 and row["epoch"] == 2:
            {leaves}
"""
    job = run_ranks(source, 2, "mpi", timeout=30)
    assert job.status != 0
    assert "rank 1 of 2 on " in job.output
    assert "has ended its program, and others are in a fit that needs it" in job.output
    assert ("KeyError: 'in the loop'" in job.output) == ("raise" in leaves)
