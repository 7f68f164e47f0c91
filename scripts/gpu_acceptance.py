#!/usr/bin/env python3
"""Accept bpnet on a machine with a CUDA GPU: test, train, compare and time it by one command.

    python scripts/gpu_acceptance.py --mnist DIR

Every array library that has a CUDA device here is tried, and what it computes is compared with
NumPy on the CPU. Each figure goes to a JSON file. The exit code is 0 if all is well, 1 if a check
failed, 2 if there is no CUDA GPU. It runs from a checkout and takes some minutes, most of them for
the tests; ``--sections`` chooses.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# By default JAX takes three quarters of the device's memory, which others here need too.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import numpy as np  # noqa: E402

import bpnet  # noqa: E402
from bpnet.data import ArraySource, load_digits, load_mnist  # noqa: E402
from bpnet.randomness import keep_mask  # noqa: E402

LIBRARIES = ("cupy", "torch", "jax")
Target = tuple[str, str]  # library, device
CPU: Target = ("numpy", "cpu")
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
ACCURACY_TOLERANCE = 0.02
ROUGHLY = 0.05  # of what two steps change, where products have 8 or 11 bits


@dataclass
class Section:
    """What one section found."""

    figures: dict[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0

    def check(self, what: str, passed: bool, **figures: Any) -> None:
        self.checks.append({"what": what, "passed": bool(passed), **figures})
        shown = "".join(f", {name} {_short(figure)}" for name, figure in figures.items())
        tell(f"  {'ok    ' if passed else 'FAILED'} {what}{shown}")

    @property
    def failures(self) -> list[str]:
        failed = [check["what"] for check in self.checks if not check["passed"]]
        return [*failed, *self.error.strip().splitlines()[-1:]]


@dataclass(frozen=True)
class Plan:
    """What is to be tried, and how much of it."""

    targets: list[Target]
    mnist: Path | None
    tiny: bool
    test_seconds: float = 420

    def size(self, full: int, tiny: int) -> int:
        return tiny if self.tiny else full


# ------------------------------------------------------------------ the sections


def devices(plan: Plan, section: Section) -> None:
    """What computes here, and in which versions."""
    section.figures["nvidia-smi"] = _nvidia_smi()
    for target in plan.targets:
        name, capability = _device(target)
        section.figures[_text(target)] = {"name": name, "compute capability": capability}
        tell(f"  {_text(target)}: {name} {capability}")
    modules = ("array_api_compat", "cupy", "jax", "jaxlib", "numpy", "torch")
    section.figures["versions"] = {
        "bpnet": bpnet.__version__,
        "python": platform.python_version(),
        **{name: getattr(sys.modules.get(name), "__version__", None) for name in modules},
        **_cuda_versions(),
    }
    section.figures["TF32"] = {
        name: os.environ.get(name) for name in ("CUPY_TF32", "NVIDIA_TF32_OVERRIDE")
    }


def masks(plan: Plan, section: Section) -> None:
    """Random masks have the same bits everywhere."""
    for target in plan.targets:
        backend = bpnet.get_backend(*target)
        key = {"seed": 2**40 + 7, "step": 2**33 + 5, "layer": 3}
        expected = keep_mask((257, 129), 0.3, xp=np, **key)
        with backend.scope():
            device = backend.from_host(np.zeros(1), "float32").device
            mask = keep_mask((257, 129), 0.3, xp=backend.xp, device=device, **key)
            found = backend.to_numpy(mask)
        section.check(_text(target), np.array_equal(found, expected))


def gradients(plan: Plan, section: Section) -> None:
    """Backpropagation against differences in float64, and against NumPy in float32."""
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((5, 4)), rng.dirichlet(np.ones(3), 5)
    hidden = "sigmoid tanh relu leaky_relu elu gelu gelu_tanh silu softplus exponential identity"
    costs = "quadratic binary_cross_entropy categorical_cross_entropy huber poisson"
    cases = [(name, "quadratic") for name in hidden.split()[: plan.size(99, 2)]]
    cases += [("tanh", name) for name in costs.split()[: plan.size(99, 2)]]
    for target in plan.targets:
        errors, worst = {}, 0.0
        for activation, cost in cases:
            options = {"activations": activation, "cost": cost, "seed": 1}
            net = bpnet.Network([4, 5, 3], **options, dtype="float64", **_on(target))
            report = bpnet.gradient_check(net, x, targets)
            errors[f"{activation}, {cost}"] = report.error if report.passed else str(report)
            pair = (
                np.concatenate([_flat(net, part) for part in (found.weights, found.biases)])
                for net in (bpnet.Network([4, 5, 3], **options, **_on(t)) for t in (target, CPU))
                for found in [net.backprop(x, targets)]
            )
            worst = max(worst, _relative(*pair))
        failed = [case for case, error in errors.items() if isinstance(error, str)]
        section.figures[_text(target)] = errors
        section.check(f"{_text(target)}: differences, float64", not failed, failed=failed)
        section.check(f"{_text(target)}: NumPy, float32", worst < TOLERANCE["float32"], error=worst)


def digits(plan: Plan, section: Section) -> None:
    """The embedded digits: the parameters after one epoch, and the accuracy in the end."""
    data = load_digits()
    options = {"cost": "cross_entropy", "learning_rate": 0.5, "batch": 10}
    for dtype, tolerance in TOLERANCE.items():
        for sizes in ([64, 30, 10], [64, 30, 30, 10]):
            shared = {"sizes": sizes, "epochs": 1, "dtype": dtype, **options}
            expected = _theta(_train(CPU, data.train, **shared))
            for target in plan.targets:
                error = _relative(_theta(_train(target, data.train, **shared)), expected)
                layers = "-".join(map(str, sizes))
                what = f"{_text(target)}: parameters after an epoch, {layers}, {dtype}"
                section.check(what, error < tolerance, error=error)
    options["sizes"] = [64, 30, 10]
    _compare(plan, section, "digits", data, epochs=plan.size(30, 3), **options)


def mnist(plan: Plan, section: Section) -> None:
    """MNIST with the book's network, and with a wide one."""
    if plan.mnist is None:
        section.figures["left out"] = "no --mnist DIR was given"
        tell("  left out: no --mnist DIR was given")
        return
    data, epochs, batch = load_mnist(plan.mnist), plan.size(3, 1), plan.size(128, 16)
    book = {"initializer": "standard_normal", "learning_rate": 3.0, "batch": 10}
    wide = {"activations": "relu", "cost": "log_likelihood", "learning_rate": 0.1, "batch": batch}
    middle = [plan.size(512, 8)] * 2
    _compare(plan, section, "784-30-10", data, sizes=[784, 30, 10], epochs=epochs, **book)
    _compare(plan, section, "wide", data, sizes=[784, *middle, 10], epochs=epochs, **wide)


def commands(plan: Plan, section: Section) -> None:
    """What a person types: ``train.py --device cuda`` for each library, and without naming one."""
    shared = ["--epochs", str(plan.size(20, 2)), "--seed", "0", "--quiet"]
    kinds = [(library, device.partition(":")[0]) for library, device in plan.targets]
    asked = [["--device", kinds[0][1]]]
    if not plan.tiny:
        asked += [["--backend", library, "--device", kind] for library, kind in kinds]
    for given in (["--backend", "numpy"], *asked):
        with tempfile.TemporaryDirectory() as folder:
            path, out = ROOT / "scripts" / "train.py", str(Path(folder, "run"))
            done = _run([sys.executable, str(path), *given, *shared, "--out", out], 120)
        last = (done.stdout.strip().splitlines() or [""])[-1]
        accuracy = re.fullmatch(r"test accuracy ([\d.]+) ?%", last)
        what = " ".join(["train.py", *given])
        if done.returncode or not accuracy:
            section.check(what, False, code=done.returncode, output=_tail(done))
            continue
        found = float(accuracy[1]) / 100
        expected = section.figures.setdefault("accuracy on the CPU", found)
        section.check(what, abs(found - expected) <= ACCURACY_TOLERANCE, accuracy=found)


def waits(plan: Plan, section: Section) -> None:
    """How often the host waits for the device in an epoch: it does not grow with the steps."""
    x, y = (part[:1200] for part in load_digits().train)
    for target in plan.targets:
        counts = {}
        for batch in (40, 10):
            net = bpnet.Network([64, 30, 10], cost="log_likelihood", seed=0, **_on(target))
            net.fit(x, y, epochs=1, batch_size=batch, progress=False)
            with counted_waits(target) as count:
                net.fit(x, y, epochs=1, batch_size=batch, progress=False)
            counts[f"{1200 // batch} steps"] = count()
        section.figures[_text(target)] = counts
        few, many = counts.values()
        if few is None:
            tell(f"  {_text(target)}: nothing counts them")
        else:
            section.check(f"{_text(target)}: as many with more steps", few == many, **counts)


def graphs(plan: Plan, section: Section) -> None:
    """Steps are captured, for each way of training, and end where NumPy's do."""
    from bpnet.compiler.targets.cuda_graph import GraphRunner

    x, y = load_digits().train
    layers = {
        "plain": [64, 30, 10],
        "dropout and noise": [bpnet.Layer(64, noise=0.1), bpnet.Layer(30, dropout=0.2), 10],
        "batch normalization": [64, bpnet.Layer(30, normalization="batch"), 10],
    }
    optimizers = {"SGD": bpnet.SGD(0.1), "Momentum": bpnet.Momentum(0.02), "Adam": bpnet.Adam()}
    do, outcomes = GraphRunner.do, set()

    def watched(self: Any, count: int) -> None:
        do(self, count)
        outcomes.add(self.obstacle or ("captured" if self.captured else "not yet"))

    with mock.patch.object(GraphRunner, "do", watched):
        for (what, sizes), (name, optimizer) in itertools.product(
            layers.items(), optimizers.items()
        ):
            # A rectifier that rounding switches moves what follows by per cents.
            options = {"activations": "tanh", "cost": "log_likelihood", "seed": 0}

            def trained(target: Target, sizes=sizes, optimizer=optimizer, options=options) -> Any:
                net = bpnet.Network(sizes, **options, **_on(target))
                net.fit(x, y, epochs=3, batch_size=5, optimizer=optimizer, progress=False)
                return _theta(net)

            expected = trained(CPU)
            for target in (one for one in plan.targets if one[0] in ("cupy", "torch")):
                outcomes.clear()
                case, found = f"{_text(target)}: {what}, {name}", trained(target)
                error = _relative(found, expected)
                section.check(f"{case}: as on the CPU", error < 1e-3, error=error)
                if not plan.tiny:
                    captured = "captured" in outcomes and outcomes <= {"captured", "not yet"}
                    section.check(f"{case}: captured", captured, told=sorted(outcomes))
                if target[0] == "cupy":
                    same = np.array_equal(trained(target), found)
                    section.check(f"{case}: the same bits again", same)


def trace(plan: Plan, section: Section) -> None:
    """What an epoch asks of the device, kernel by kernel; the host's waits do not grow with it."""
    if not find_spec("torch"):
        section.figures["left out"] = "torch, whose profiler is asked, is not installed"
        tell("  left out: torch is not installed")
        return
    from benchmarks.cases import named

    for target in plan.targets:
        if target[0] == "jax":  # its own profiler has the device to itself
            continue
        for case in named("tiny") if plan.tiny else named("sgd"):
            waits = {}
            for steps in (64, 128):
                profile = _profile(case.with_steps(steps), target)
                waits[f"{steps} steps"] = sum(
                    one.count for one in profile if re.search("Synchronize|DtoH", one.key)
                )
            kernels = {
                one.key: {"a step": one.count / steps, "us": one.self_device_time_total / steps}
                for one in profile
                if one.self_device_time_total > 0 and not one.key.startswith("aten::")
            }
            total = sum(one["us"] for one in kernels.values())
            section.figures[f"{case.name}, {_text(target)}"] = {"waits": waits, "kernels": kernels}
            few, many = waits.values()
            what = f"{case.name}, {_text(target)}: as many waits with more steps"
            section.check(what, few == many, **waits, microseconds=total)


def _profile(case: Any, target: Target) -> list[Any]:
    """What PyTorch's profiler, which sees all of CUDA, counts in an epoch."""
    from torch.profiler import ProfilerActivity, profile

    x, labels = case.data()
    net = bpnet.Network(
        case.sizes, activations=case.sigma, cost="log_likelihood", seed=0, **_on(target)
    )
    optimizer = {"sgd": bpnet.SGD, "adam": bpnet.Adam}[case.optimizer](case.learning_rate)
    samples = (net.backend.asarray(part) for part in (x, case.one_hot(labels)))
    options = {"batch_size": case.batch, "optimizer": optimizer, "progress": False}
    with net.fitting(*samples, epochs=9, **options) as fit:
        for _ in range(2):  # compiles, and captures
            fit.epoch()
        on_device = [] if target[1] == "cpu" else [ProfilerActivity.CUDA]
        with profile(activities=[ProfilerActivity.CPU, *on_device], acc_events=True) as found:
            fit.epoch()
    return list(found.key_averages())


def peers(plan: Plan, section: Section) -> None:
    """A step of bpnet beside one of PyTorch, eager and compiled, and beside its products alone."""
    if not find_spec("torch"):
        section.figures["left out"] = "torch is not installed"
        tell("  left out: torch is not installed")
        return
    from benchmarks.cases import CASES, named
    from benchmarks.peers import bpnet as trained
    from benchmarks.peers import products, torch_compiled, torch_eager, torch_graphed

    device = plan.targets[0][1] if plan.tiny else "cuda"
    for case in named("tiny") if plan.tiny else CASES:
        # An epoch of as many samples as MNIST has, also for the largest net, or of 1000 steps.
        case = case.with_steps(min(60_000 // case.batch, plan.size(1000, 8)))
        makers: dict[str, Callable[..., Any]] = {
            f"bpnet {library}": functools.partial(trained, library, device=on)
            for library, on in plan.targets
            if not (library == "jax" and case.net == "large")  # it compiles for half a minute
        }
        makers["torch eager"] = functools.partial(torch_eager, device=device)
        if not plan.tiny:
            if case.net != "large":  # no bar, and a long time to compile
                makers["torch compiled"] = functools.partial(torch_compiled, device=device)
            makers["torch graphed by hand"] = functools.partial(torch_graphed, device=device)
        makers["products"] = functools.partial(products, device=device)
        times = _in_turns(section, case, makers, plan.size(3, 2))
        if case.net != "large":
            _bar(section, case, times, "torch compiled", 1.0)
        elif case.optimizer == "sgd":
            _bar(section, case, times, "products", 1.05)
            for precision in ("tf32", "bfloat16"):
                makers = {
                    f"bpnet {library}": functools.partial(
                        trained, library, device=on, compute_dtype=precision
                    )
                    for library, on in plan.targets
                    if library != "jax"
                    and not bpnet.get_backend(library, on).lacks_compute(precision)
                }
                makers["products"] = functools.partial(products, device=device, precision=precision)
                times = _in_turns(section, case, makers, 5, precision)
                _bar(section, case, times, "products", 1.05, precision)


def _in_turns(
    section: Section, case: Any, makers: dict[str, Callable[..., Any]], rounds: int, how: str = ""
) -> dict[str, float]:
    """Microseconds a step of each, medians of some epochs in turns; each first shows its result."""
    from benchmarks.clock import seconds_of
    from benchmarks.reference import difference, expected, order_of
    from benchmarks.timing import LIMITS

    check, named = case.for_check("sgd"), f"{case.name}{' ' * bool(how)}{how}"
    wanted, trainers, times = expected(check), {}, {name: [] for name in makers}
    for name, make in makers.items():
        found = make(check, *check.data())
        if found.parameters is not None:
            found.follow(order_of(check))
            error, limit = difference(check, found.parameters(), wanted), LIMITS["sgd"]
            right = error <= (ROUGHLY if how else limit)
            section.check(f"{named}, {name}: two steps", right, error=error)
        trainers[name] = make(case, *case.data())
    order = np.random.default_rng(0).permutation(case.steps * case.batch)
    order = order.reshape(case.steps, case.batch)
    for k in range(rounds + 1):
        for name, one in trainers.items():
            # The third of a fit is like all that follow: its order was made meanwhile.
            took = one.epochs(3)[2] if one.epochs else seconds_of(lambda f=one.follow: f(order))
            if k:  # the first compiles
                times[name].append(1e6 * took / case.steps)
    medians = {name: statistics.median(each) for name, each in times.items()}
    section.figures[named] = {"microseconds a step": medians, "rounds": times}
    for name, median in medians.items():
        tell(f"  {named}, {name}: {median:.1f} us")
    return medians


def _bar(
    section: Section, case: Any, times: dict[str, float], beside: str, limit: float, how: str = ""
) -> None:
    """Whether the quickest of bpnet's takes at most so many times as long as another."""
    mine = {name: each for name, each in times.items() if name.startswith("bpnet")}
    if mine and beside in times:
        name = min(mine, key=mine.__getitem__)
        ratio = mine[name] / times[beside]
        what = f"{case.name}{' ' * bool(how)}{how}: {name} at most {limit:g} times {beside}"
        section.check(what, ratio <= limit, ratio=ratio)


def streaming(plan: Plan, section: Section) -> None:
    """Samples from the host's memory, beside the same samples on the device."""
    sizes, batch = [plan.size(784, 20), *[plan.size(512, 8)] * 2, 10], 128
    rng, n = np.random.default_rng(0), plan.size(200_000, 2_000)
    x = rng.random((n, sizes[0]), dtype=np.float32)
    y = rng.integers(10, size=n)
    for target in plan.targets:
        times: dict[str, list[float]] = {}
        ways = {"on the device": (x, y), "streamed": (ArraySource(x, y), None)}
        with contextlib.ExitStack() as stack:
            fits = {}
            for way, samples in ways.items():
                net = bpnet.Network(sizes, cost="log_likelihood", seed=0, **_on(target))
                fit = net.fitting(*samples, epochs=99, batch_size=batch, progress=False)
                fits[way] = stack.enter_context(fit)
            for k in range(plan.size(6, 3)):
                for way, fit in fits.items():
                    row = fit.epoch()
                    if k:  # the first compiles
                        times.setdefault(way, []).append(row["seconds"])
        resident, streamed = (statistics.median(each) for each in times.values())
        section.figures[_text(target)] = times
        what = f"{_text(target)}: at least 90 % of the speed on the device"
        if plan.tiny:
            tell(f"  {_text(target)}: {resident / streamed:.0%} of the speed in memory")
        else:
            section.check(what, streamed * 0.9 <= resident, share=resident / streamed)


def tests(plan: Plan, section: Section) -> None:
    """The whole test suite, on each CUDA device, too."""
    usual = ["numpy", "numpy-readonly", *(name for name in ("torch", "jax") if find_spec(name))]
    usual += ["strict"] * (find_spec("array_api_strict") is not None)
    on_gpu = ["cupy" if name == "cupy" else f"{name}-cuda" for name, _ in plan.targets]
    what = []
    if plan.tiny:
        on_gpu, what = [], ["bpnet/optimizers/sgd.py"]
    elif find_spec("xdist"):
        what = ["--numprocesses", str(max(1, (os.cpu_count() or 1) - 2)), "--dist", "worksteal"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "junit.xml")
        # pytest-benchmark warns beside xdist, and warnings are errors here.
        without = ["-p", "no:cacheprovider", "-p", "no:benchmark"]
        done = _run(
            [sys.executable, "-m", "pytest", "-q", *without, *what, f"--junitxml={report}"],
            plan.test_seconds,
            BPNET_TEST_TARGETS=",".join([*usual, *on_gpu]),
            OMP_NUM_THREADS="1",
            XLA_FLAGS="--xla_gpu_autotune_level=0",  # compiles thousands of small steps
        )
        tell("\n".join(_tail(done).splitlines()[-12:]))
        verdicts = _verdicts(report) if report.exists() else {}
    for kind in ("passed", "failed", "skipped"):
        section.figures[kind] = {name: why for name, (k, why) in verdicts.items() if k == kind}
    failed, skipped = section.figures["failed"], section.figures["skipped"]
    section.figures["passed"] = len(section.figures["passed"])
    section.check("the test suite", done.returncode == 0, code=done.returncode, failed=[*failed])
    for target in on_gpu:
        there = [name for name in verdicts if _is_for(target, name)]
        passed = bool(there) and not set(there) & set(skipped)
        section.check(f"tests on {target} ran, none was skipped", passed, tests=len(there))


SECTIONS: dict[str, Callable[[Plan, Section], None]] = {
    one.__name__: one
    for one in (
        *(devices, peers, trace, streaming),
        *(masks, gradients, digits, mnist, commands, waits, graphs, tests),
    )
}
# They measure no time, and the tests run beside them.
UNTIMED = ("masks", "gradients", "digits", "mnist", "commands", "waits", "graphs", "tests")


# ------------------------------------------------------------------ training and comparing


def _on(target: Target) -> dict[str, str]:
    return dict(zip(("backend", "device"), target, strict=True))


def _train(
    target: Target,
    samples: tuple[Any, Any],
    *,
    sizes: list[int],
    epochs: int,
    batch: int,
    learning_rate: float,
    **options: Any,
) -> bpnet.Network:
    net = bpnet.Network(sizes, seed=0, **options, **_on(target))
    optimizer = bpnet.SGD(learning_rate)
    net.fit(*samples, epochs=epochs, batch_size=batch, optimizer=optimizer, progress=False)
    return net


def _compare(plan: Plan, section: Section, what: str, data: Any, **options: Any) -> None:
    """Accuracy on the test samples, of NumPy on the CPU and of each target."""
    rows = plan.size(len(data.train[1]), 200)
    samples = tuple(part[:rows] for part in data.train)
    figures = section.figures.setdefault(what, {})
    for target in (CPU, *plan.targets):
        began = time.perf_counter()
        net = _train(target, samples, **options)
        seconds = time.perf_counter() - began
        accuracy = net.accuracy(*data.test)
        figures[_text(target)] = {"accuracy": accuracy, "seconds": seconds}
        difference = abs(accuracy - figures[_text(CPU)]["accuracy"])
        section.check(
            f"{what}, {_text(target)}: accuracy as on the CPU",
            difference <= ACCURACY_TOLERANCE,
            accuracy=accuracy,
            seconds=seconds,
        )


@contextlib.contextmanager
def counted_waits(target: Target) -> Iterator[Callable[[], int | None]]:
    """Count how often the host waits for the device; None where nothing can count it."""
    library, device = target
    if library == "cupy":
        import cupy

        get, calls = cupy.ndarray.get, []

        def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return get(self, *args, **kwargs)

        # All ways to the host lead through it: asnumpy, float, bool, int, item, tolist.
        with mock.patch.object(cupy.ndarray, "get", counted):
            if device.startswith("cuda"):
                float(cupy.zeros(()))
                if len(calls) != 1:
                    raise RuntimeError(f"float(array) was counted {len(calls)} times, not once")
                calls.clear()
            yield lambda: len(calls)
    elif library == "torch" and device.startswith("cuda"):
        import torch

        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("warn")
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                yield lambda: sum("synchroniz" in str(one.message) for one in told)
        finally:
            torch.cuda.set_sync_debug_mode(before)
    else:
        yield lambda: None


def _flat(net: bpnet.Network, arrays: list[Any]) -> Any:
    with net.backend.scope():
        return np.concatenate([net.backend.to_numpy(one).ravel() for one in arrays])


def _theta(net: bpnet.Network) -> Any:
    return np.concatenate([_flat(net, net.weights), _flat(net, net.biases)])


def _relative(found: Any, expected: Any) -> float:
    """Euclidean distance in units of the expected vector."""
    found, expected = found.astype(np.float64), expected.astype(np.float64)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


# ------------------------------------------------------------------ the machine


def cuda_targets() -> list[Target]:
    """The first CUDA device of every library that has one."""
    found = []
    for one in bpnet.available_backends():
        found += [(one.name, device) for device in one.devices if device.startswith("cuda")][:1]
    return found


def _why_none() -> str:
    """Each library's own reason, in one line."""
    cuda = [one for one in bpnet.available_backends() if one.name != "numpy"]
    return "no CUDA device: " + "; ".join(f"{one.name}: {one.reason}" for one in cuda)


def _nvidia_smi() -> list[str]:
    fields = "name,driver_version,compute_cap,memory.total"
    try:
        done = _run(["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"], 60)
    except OSError:
        return []
    return done.stdout.strip().splitlines() if done.returncode == 0 else []


def _device(target: Target) -> tuple[str, str]:
    """Name and compute capability."""
    library, device = target
    index = int(device.partition(":")[2] or 0)
    if not device.startswith("cuda"):
        return platform.machine(), ""
    if library == "cupy":
        import cupy

        found = cupy.cuda.runtime.getDeviceProperties(index)
        return found["name"].decode(), f"{found['major']}.{found['minor']}"
    if library == "torch":
        import torch

        major, minor = torch.cuda.get_device_capability(index)
        return torch.cuda.get_device_name(index), f"{major}.{minor}"
    import jax

    chosen = jax.devices("cuda")[index]
    return chosen.device_kind, str(getattr(chosen, "compute_capability", ""))


def _cuda_versions() -> dict[str, Any]:
    versions = {}
    if "cupy" in sys.modules:
        runtime = sys.modules["cupy"].cuda.runtime
        versions["CUDA of the driver"] = runtime.driverGetVersion()
        versions["CUDA of cupy"] = runtime.runtimeGetVersion()
    if "torch" in sys.modules:
        versions["CUDA of torch"] = sys.modules["torch"].version.cuda
    return versions


# ------------------------------------------------------------------ processes and words


_BEGAN = time.perf_counter()


def tell(line: str) -> None:
    print(f"{time.perf_counter() - _BEGAN:7.1f} s  {line}", flush=True)


def _text(target: Target) -> str:
    return " on ".join(target)


def _short(figure: Any) -> str:
    text = f"{figure:.3g}" if isinstance(figure, float) else str(figure)
    return text if len(text) < 300 else f"...{text[-300:]}"


def _run(command: list[str], seconds: float, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout, apart from a pytest that may run this."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, [str(ROOT), inherited.get("PYTHONPATH")]))
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _tail(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr)[-3000:]


def _verdicts(report: Path) -> dict[str, tuple[str, str]]:
    """Of each test in pytest's report: passed, failed or skipped, and why."""
    kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        told = [(kinds[one.tag], one.get("message", "")) for one in case if one.tag in kinds]
        found[f"{case.get('classname')}::{case.get('name')}"] = (told or [("passed", "")])[0]
    return found


def _is_for(target: str, name: str) -> bool:
    """Whether a test's parameters name the target: ``test_x[relu-cupy-3]`` for ``cupy``."""
    return re.search(rf"[\[-]{re.escape(target)}[\]-]", name.partition("::")[2]) is not None


# ------------------------------------------------------------------ the whole


def run(plan: Plan, chosen: list[str], out: Path | None) -> bool:
    """Run the sections one by one; each that ends is written at once. Whether all passed.

    The tests run beside those that measure no time.
    """
    found: dict[str, Section] = {}
    names, tested = [name for name in SECTIONS if name in ("devices", *chosen)], None
    with ThreadPoolExecutor(1) as aside:
        for name in names:
            if tested is None and name in UNTIMED and "tests" in names:
                tested = aside.submit(_section, plan, "tests")
            tell(f"{name}: {SECTIONS[name].__doc__}")
            together = tested if name == "tests" else None
            found[name] = together.result() if together else _section(plan, name)
            if out is not None:
                _write(out, plan, found)
    checks = [check for section in found.values() for check in section.checks]
    failures = [f"{name}: {one}" for name, section in found.items() for one in section.failures]
    tell(f"{sum(check['passed'] for check in checks)} of {len(checks)} checks passed")
    for failure in failures:
        tell(f"FAILED {failure}")
    if out is not None:
        tell(f"written to {out}")
    return not failures


def _section(plan: Plan, name: str) -> Section:
    section, began = Section(), time.perf_counter()
    try:
        SECTIONS[name](plan, section)
    except Exception as error:
        section.error = traceback.format_exc()
        tell(f"  FAILED {name}: {type(error).__name__}: {error}")
    section.seconds = time.perf_counter() - began
    return section


def _write(out: Path, plan: Plan, found: dict[str, Section]) -> None:
    record = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "passed": not any(section.failures for section in found.values()),
        "targets": [_text(target) for target in plan.targets],
        "stand-in": plan.tiny,
        "sections": {
            name: {"passed": not section.failures, **vars(section)}
            for name, section in found.items()
        },
    }
    # What is not finite is no JSON: it becomes a string.
    plain = json.loads(json.dumps(record, default=str), parse_constant=str)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def _default_out(targets: list[Target]) -> Path:
    name = "unknown"
    with contextlib.suppress(Exception):  # a section will tell of it
        name = re.sub(r"[^a-z0-9]+", "-", _device(targets[0])[0].lower()).strip("-")
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return ROOT / "benchmarks" / "results" / f"gpu-{name}-{date}.json"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mnist", type=Path, metavar="DIR", help="folder of the four IDX files")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON file; by default benchmarks/results/gpu-DEVICE-DATE.json, for a stand-in none",
    )
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument(
        "--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES, help="by default all"
    )
    parser.add_argument(
        "--test-seconds", type=float, metavar="S", default=420, help="how long the tests may take"
    )
    parser.add_argument(
        "--dry-run-cpu",
        action="store_true",
        help="let NumPy and PyTorch on the CPU stand in for CUDA, with little of everything",
    )
    given = parser.parse_args(argv)
    if given.dry_run_cpu:
        usable = {one.name for one in bpnet.available_backends() if one.usable}
        targets = [(name, "cpu") for name in ("numpy", "torch") if name in usable]
    else:
        targets = [one for one in cuda_targets() if one[0] in given.libraries]
        if not targets:
            print(_why_none(), file=sys.stderr)
            return 2
    plan = Plan(targets, given.mnist, given.dry_run_cpu, given.test_seconds)
    out = given.out
    if out is None and not given.dry_run_cpu:
        out = _default_out(targets)
    return 0 if run(plan, given.sections, out) else 1


if __name__ == "__main__":
    raise SystemExit(main())
