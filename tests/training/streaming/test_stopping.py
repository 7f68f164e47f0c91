"""A fit that waits for a slow source can be stopped."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from training.streaming._feeds import readers

import bpnet
from bpnet.data import IterableSource, SequenceSource, Source

N = 40_000
X = np.random.default_rng(0).standard_normal((N, 3)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)


class Slow(Source):
    """Reads that wait until they are let go, after some that do not."""

    name = "slow"
    width = 3

    def __init__(self, quick):
        self.quick, self.reads = quick, 0
        self.waits, self.go = threading.Event(), threading.Event()

    def __len__(self):
        return N

    def read(self, start, stop):
        self.reads += 1
        if self.reads > self.quick:
            self.waits.set()
            self.go.wait(60)
        return X[start:stop], Y[start:stop]


def network():
    return bpnet.Network([3, 4, 2], cost="log_likelihood", seed=0)


def train(source, **options):
    net = network()
    options = {"epochs": 3, "batch_size": 10, **options}
    return net, net.fit(source, **options)


class Meanwhile:
    """Does something once the source is being waited for, and lets the read go on later."""

    def __init__(self, source, action):
        self.source, self.action, self.over = source, action, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.source.waits.wait(0.01):
            if self.over.is_set():
                return
        self.action()
        time.sleep(0.3)  # for the fit to wait for the read that goes on
        self.source.go.set()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()


def press():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to a thread")


@pytest.mark.parametrize("quick", [5, 40, 100])
def test_ctrl_c_ends_the_fit_after_the_read_in_progress(ctrl_c, quick):
    source = Slow(quick)
    with Meanwhile(source, press):
        net, history = train(source)
    assert history.stopped == "interrupted"
    assert source.reads == quick + 1, "no read was begun after Ctrl-C"
    assert net.epochs == len(history) == 0 or quick == 100
    assert (net.steps > 0) == (quick > 16)
    assert readers() == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_steps_before_ctrl_c_count(ctrl_c):
    """Those of the buffers that had come."""
    source, twin = Slow(40), Slow(10**9)
    with Meanwhile(source, press):
        net, _ = train(source)

    class Stop(bpnet.Callback):
        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            if fit.steps_done == net.steps:
                fit.stop("there", now=True)

    other, _ = train(twin, callbacks=[Stop()])
    assert net.steps == other.steps > 0
    assert np.array_equal(np.asarray(net.state.theta), np.asarray(other.state.theta))


def test_training_goes_on_with_the_source_afterwards(ctrl_c):
    source = Slow(40)
    with Meanwhile(source, press):
        net, _ = train(source)
    history = net.fit(source, epochs=1, batch_size=10)
    assert (history.stopped, len(history)) == ("completed", 1)


def test_a_budget_of_time_ends_the_fit_after_the_read_in_progress():
    source = Slow(0)
    with Meanwhile(source, lambda: None):
        net, history = train(source, callbacks=[bpnet.Budget(seconds=0.2)])
    assert (history.stopped, len(history), net.steps) == ("budget", 0, 0)
    assert source.reads <= 1
    assert readers() == []


def test_an_error_in_a_callback_ends_the_fit_after_the_read_in_progress():
    source = Slow(20)

    class Bad(bpnet.Callback):
        def on_steps(self, fit, steps):
            assert source.waits.wait(60)  # the next buffer is being read
            raise ZeroDivisionError

    with Meanwhile(source, lambda: None), pytest.raises(ZeroDivisionError):
        train(source, callbacks=[Bad()])
    assert source.reads == 21
    assert readers() == []


def test_ctrl_c_while_the_training_samples_are_evaluated(ctrl_c):
    epoch = Slow(10**9)
    train(epoch, epochs=1)
    source = Slow(epoch.reads)
    with Meanwhile(source, press):
        net, history = train(source, evaluate_training=True)
    assert history.stopped == "interrupted"
    assert (net.epochs, len(history)) == (1, 0), "trained, but not evaluated"
    assert source.reads == epoch.reads + 1


@pytest.mark.parametrize("kind", ["sequence", "iterable"])
def test_ctrl_c_is_asked_for_between_two_samples(ctrl_c, kind):
    given = []

    class Samples:
        waits, go = threading.Event(), threading.Event()

        def __len__(self):
            return 5000

        def __getitem__(self, k):
            given.append(k)
            if len(given) > 20:
                self.waits.set()
                self.go.wait(60)
            return X[k], Y[k]

    samples = Samples()
    source = SequenceSource(samples)
    if kind == "iterable":
        source = IterableSource(lambda: (samples[k] for k in range(5000)), 5000)
    with Meanwhile(samples, press):
        _, history = train(source)
    assert history.stopped == "interrupted"
    assert len(given) == 21
    assert readers() == []


HANGS = """
import signal, threading, time
import numpy as np, bpnet
signal.signal(signal.SIGINT, signal.default_int_handler)
class Hangs(bpnet.data.Source):
    name, width, n = "hangs", 1, 0
    def __len__(self):
        return 50_000
    def read(self, start, stop):
        self.n += 1
        if self.n > {quick}:
            print("hangs", flush=True)
            threading.Event().wait()
        return np.zeros((stop - start, 1)), np.zeros(stop - start, np.int64)
net = bpnet.Network([1, 2], cost="log_likelihood", seed=0)
try:
    net.fit(Hangs(), epochs=2, batch_size=10)
except KeyboardInterrupt:
    print("left behind", net.epochs, net.steps, flush=True)
net.fit(np.zeros((4, 1)), [0, 1, 0, 1], epochs=1, batch_size=2)
print("trained on", net.steps, flush=True)
"""


@pytest.mark.parametrize("quick", [0, 40])
def test_a_reader_that_hangs_is_left_behind_at_the_second_ctrl_c(quick):
    command = [sys.executable, "-c", HANGS.format(quick=quick)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"hangs\n"
        ended = []
        for _ in range(2):
            child.send_signal(signal.SIGINT)
            time.sleep(0.5)
            ended.append(child.poll() is not None)
        told, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, b"")
    assert told == b"left behind 0 0\ntrained on 2\n"
    assert not ended[0]
