"""Whoever reads a network while it is trained sees the network of an epoch's end."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest
from _backends import host, load_running, load_theta, parameters
from training._fits import classifier, fit

import bpnet

LIBRARIES = ["numpy", "torch", "jax"]


class Ends(bpnet.Callback):
    """What the network was at the end of each epoch."""

    def __init__(self, net):
        self.ends = {0: self._of(net)}

    def on_epoch_end(self, fit, row):
        self.ends[row["epoch"]] = self._of(fit.net)

    @staticmethod
    def _of(net):
        state = net.state
        return [host(net, one).tobytes() for one in (state.theta, *state.running, *state.memory)]


@pytest.fixture
def hasty():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "read", ["copy", "deepcopy", "pickle", "to", "state", "weights", "predict"]
)
@pytest.mark.parametrize("library", LIBRARIES)
def test_another_thread_reads_the_network_of_the_end_of_an_epoch(data, library, read, hasty):
    pytest.importorskip(library, reason=f"{library} is not installed")
    layers = [4, bpnet.Layer(40, normalization="batch"), 3]
    net = bpnet.Network(layers, cost="log_likelihood", seed=4, dtype="float64", backend=library)
    optimizer = bpnet.Momentum(0.1)
    fit(net, data, epochs=1, optimizer=optimizer)  # so that there is a memory from the first on
    start, x = net.epochs, data[0]
    ends, seen, over = Ends(net), [], threading.Event()
    ends.ends = {start: ends.ends[0]}
    ways = {
        "copy": net.copy,
        "deepcopy": lambda: copy.deepcopy(net),
        "pickle": lambda: pickle.loads(pickle.dumps(net)),
        "to": lambda: net.to(dtype="float64"),
        "state": lambda: net.state,
        "weights": lambda: net.weights,
        "predict": lambda: host(net, net.feedforward(x)).tobytes(),
    }

    def look():
        while not over.wait(1e-5):
            seen.append(ways[read]())

    class Yield(bpnet.Callback):
        """Gives the other thread a turn, within epochs and between them."""

        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            turn()

        def on_epoch_end(self, fit, row):
            turn()

    def turn():
        before = len(seen)
        while reader.is_alive() and len(seen) < before + 1:
            over.wait(1e-4)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        fit(net, data, epochs=5, optimizer=optimizer, callbacks=[ends, Yield()])
    finally:
        over.set()
        reader.join()
    assert len(seen) > 15
    moments = {e: (theta, running) for e, (theta, running, *_) in ends.ends.items()}
    if read == "predict":
        outputs = set()
        for theta, running in moments.values():
            twin = net.copy()
            load_theta(twin, np.frombuffer(theta))
            load_running(twin, np.frombuffer(running))
            outputs.add(host(twin, twin.feedforward(x)).tobytes())
        assert set(seen) <= outputs
        assert len(set(seen)) > 1
    elif read == "state":
        for state in {id(one): one for one in seen}.values():
            assert (host(net, state.theta).tobytes(), host(net, state.running[0]).tobytes()) in [
                *moments.values()
            ]
    elif read == "weights":
        weights = {theta[: 8 * 4 * 40] for theta, _ in moments.values()}
        assert {host(net, w[0]).tobytes() for w in seen} <= weights
    else:
        for one in seen:
            theta, running, *memory = ends._of(one)
            assert (theta, running) == moments[one.epochs]
            assert one.steps == 3 * one.epochs
            assert memory in ([], ends.ends[one.epochs][2:])  # none while an epoch goes on


def test_copies_of_a_torn_moment_go_on_to_the_same_bits(data):
    """A copy that was made within an epoch trains on like one that was made before it."""
    net, before, within = classifier(), [], []

    class Copies(bpnet.Callback):
        def on_fit_begin(self, fit):
            fit.limit_block(1)
            before.append(net.copy())

        def on_steps(self, fit, steps):
            within.append(net.copy())

    fit(net, data, epochs=1, optimizer=bpnet.Adam(0.01), callbacks=[Copies()])
    for one in (*before, *within):
        fit(one, data, optimizer=bpnet.Adam(0.01))
    assert len(within) == 3
    assert {parameters(one).tobytes() for one in within} == {parameters(before[0]).tobytes()}
