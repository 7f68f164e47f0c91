"""PyTorch's plan for a CUDA GPU, on the CPU: a graph of some steps is their calls, done again."""

import functools
import types

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from compiler._trials import GRID, at_random, digits, layered, training  # noqa: E402

from bpnet.backends.torch import TorchBackend  # noqa: E402
from bpnet.compiler import compile_step  # noqa: E402
from bpnet.compiler.targets import torch as on_torch  # noqa: E402
from bpnet.compiler.targets.torch import (  # noqa: E402
    TorchCapture,
    TorchGraphTarget,
    TorchTarget,
)

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
plans, emitters, launches = [], [], []


class StandInCapture(TorchCapture):
    """A graph knows addresses and no numbers of the host: doing it again is the same."""

    def capture(self, do):
        def launch():
            launches.append(self)
            do()

        return launch


class StandInTarget(TorchGraphTarget):
    """A graph for each two steps."""

    most_ahead = 2

    def emitter(self, *args):
        emitters.append(super().emitter(*args))
        return emitters[-1]

    def plan(self, *args, **options):
        plans.append(super().plan(*args, **options))
        assert not emitters.pop().numbers.varying  # what a launch could not know
        return plans[-1]

    def capture(self, device):
        return StandInCapture(device)


class StandIn(TorchBackend):
    """What computes on the CPU as on a GPU."""

    target = StandInTarget


@pytest.fixture
def backend():
    """Makes a stand-in of a type."""
    plans.clear()
    launches.clear()
    with torch.no_grad():
        yield functools.partial(StandIn, "cpu")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", GRID, ids="-".join)
def test_a_graph_agrees_with_the_loop(case, dtype, backend):
    training(backend(dtype), *case).assert_agreement(TOLERANCE[dtype])
    assert plans


@pytest.mark.parametrize("what", ["dropout", "noise", "batch", "layer", "residual"])
def test_layers_of_every_kind_agree_with_the_loop(what, backend):
    layered(backend("float64"), what).assert_agreement()
    assert plans


@pytest.mark.parametrize("seed", range(10))
def test_any_step_agrees_with_the_loop(seed, backend):
    at_random(backend("float64"), seed).assert_agreement(1e-9)


def test_a_block_of_steps_is_one_launch_after_the_first(backend):
    trial = digits(backend("float32"), "sigmoid", "sgd")
    trial.run(trial.planned, trial.state)  # six steps, two a block: the first is done by calls
    assert plans[0].runner.captured == {2}
    assert len(launches) == 2
    trial.run(trial.planned, trial.state, last=3)
    trial.run(trial.planned, trial.state, last=3)  # and the one that is left over, the second time
    assert plans[0].runner.captured == {1, 2}


def test_a_capture_that_fails_leaves_the_calls(backend, monkeypatch):
    def refuse(self, do):
        raise RuntimeError("not now")

    monkeypatch.setattr(StandInCapture, "capture", refuse)
    training(backend("float64"), "tanh", "quadratic", "adam", "0", "equal").assert_agreement()
    assert "RuntimeError: not now" in {one.runner.obstacle for one in plans}
    assert not any(one.runner.captured for one in plans)


def test_rates_of_each_step_lie_on_the_device(backend):
    trial = training(backend("float64"), "tanh", "quadratic", "adam", "0", "equal")
    trial.rates = [(rate * 0.5**k, *others) for k, (rate, *others) in enumerate(trial.rates)]
    trial.assert_agreement()
    assert plans[0].runner.rate_shapes == {(2,)}


@pytest.mark.parametrize("kind", ["cpu", "cuda", "cuda:1"])
def test_a_gpu_has_graphs_and_a_cpu_has_none(kind, monkeypatch):
    made = TorchBackend("cpu", "float32")
    monkeypatch.setattr(made, "device", kind)
    run = compile_step(made, lambda *given: given)
    assert isinstance(run.target, TorchTarget)
    assert isinstance(run.target, TorchGraphTarget) is (kind != "cpu")


class Context:
    """What PyTorch has of a name for a capture, that notes when it begins and ends."""

    def __init__(self, log, name):
        self.log, self.name = log, name

    def __call__(self, *given, **options):
        self.given = given, options
        return self

    def __enter__(self):
        self.log.append((self.name, *self.given))

    def __exit__(self, *error):
        self.log.append(f"end of {self.name}")


@pytest.mark.parametrize("fails", [False, True])
def test_a_capture_is_made_on_its_own_device_and_leaves_things_as_they_were(fails, monkeypatch):
    log, device = [], torch.device("cuda:1")
    for name in ("device", "stream", "graph"):
        monkeypatch.setattr(torch.cuda, name, Context(log, name))
    graph = types.SimpleNamespace(replay=lambda: log.append("replay"))
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: graph)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda of: ("current of", of))
    monkeypatch.setattr(on_torch, "stream_aside", lambda of: ("aside of", of))
    clear = "_cuda_clearCublasWorkspaces"
    monkeypatch.setattr(torch._C, clear, lambda: log.append("forget"), raising=False)
    capture = TorchCapture(device)

    def steps():
        log.append("steps")
        if fails:
            raise RuntimeError("not now")

    if fails:
        with pytest.raises(RuntimeError, match="not now"):
            capture.capture(steps)
    else:
        capture.capture(steps)()
    options = {"stream": ("aside of", device), "capture_error_mode": "thread_local"}
    assert log == [
        ("device", (device,), {}),
        ("stream", (("current of", device),), {}),  # to which it comes back
        "forget",  # so that the graph has memory of its own for cuBLAS
        ("graph", (graph,), options),
        "steps",
        "end of graph",
        "forget",
        "end of stream",
        "end of device",
        *["replay"] * (not fails),
    ]


def test_masks_of_a_key_on_the_device_have_the_same_bits(backend):
    made = backend("float32")
    like = torch.zeros((5, 4))
    for name, given in (("keep_mask", (0.7,)), ("normal", ())):
        draw = getattr(made.xp, name)
        on_host, on_device = (draw(like, *given, key, 3) for key in (-5, torch.tensor(-5)))
        assert np.array_equal(on_host.numpy(), on_device.numpy())
