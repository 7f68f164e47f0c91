"""What bpnet adds to the work itself: to an epoch, to an import, to a prediction."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from .bars import Bar
from .cases import CASES, SEED, Case
from .children import ROOT, call, environment
from .clock import now, seconds_of
from .peers import AbsentError
from .report import duration, table

__all__ = ["run"]

SMALL, MIDDLE = (next(c for c in CASES if c.name == f"{net}-sgd") for net in ("small", "middle"))


def run(threads: int, quick: bool) -> tuple[dict[str, Any], list[Bar]]:
    """All three overheads, each in children of its own."""
    with tqdm(total=4, unit="part", dynamic_ncols=True) as bar:
        bar.set_description("fit")
        fit = call(threads, epoch_of_fit, *((20, 2) if quick else (MIDDLE.steps, 7)))
        bar.update()
        bar.set_description("imports")
        imports = _imports(threads, 3 if quick else 21)
        bar.update()
        predict = {}
        for case in (SMALL, MIDDLE):
            bar.set_description(f"predict, {case.net} net")
            predict[case.net] = call(threads, one_prediction, case.net, 5 if quick else 31)
            bar.update()
    bars = [
        Bar("an epoch of fit over bare steps and validation", fit["ratio"], 1.03),
        Bar("import bpnet over import numpy", imports["bpnet"] / imports["numpy"], 1.2),
        Bar(
            "predict of one sample over its products, middle net",
            predict["middle"]["bpnet"] / predict["middle"]["products"],
            1.6,
        ),
        Bar(
            "predict of one sample less its products, small net",
            predict["small"]["bpnet"] - predict["small"]["products"],
            12.0,
            " us",
        ),
    ]
    record = {"fit": fit, "imports_ms": imports, "predict_us": predict}
    return record | {"table": _table(fit, imports, predict)}, bars


def _table(fit: dict[str, Any], imports: dict[str, float], predict: dict[str, Any]) -> str:
    rows = [
        ["bare steps of an epoch, middle net", duration(fit["steps"] * 1e3), "ms"],
        ["bare forward pass of 10,000 validation samples", duration(fit["validation"] * 1e3), "ms"],
        ["an epoch of fit, with history and progress", duration(fit["epoch"] * 1e3), "ms"],
        ["a call of fit before its first epoch", duration(fit["call"] * 1e3), "ms"],
        *([f"import {name}", duration(ms), "ms"] for name, ms in imports.items()),
    ]
    for net, figures in predict.items():
        for what, figure in figures.items():
            known = isinstance(figure, float)
            cells = [duration(figure), "us"] if known else [str(figure), ""]
            rows.append([f"one sample, {net} net: {what}", *cells])
    return table(["", "median", ""], rows)


def epoch_of_fit(steps: int, rounds: int) -> dict[str, float]:
    """Seconds of an epoch of ``fit``, and of the same steps and validation bare."""
    import bpnet
    from bpnet.backprop import feedforward
    from bpnet.compiler import compile_step
    from bpnet.training import StepConfig, TrainingState, make_step

    case = MIDDLE.with_steps(steps)
    (x, labels), held_out = case.data(), case.with_steps(79).data()
    y = case.one_hot(labels)
    x_held, y_held = held_out[0][:10_000], case.one_hot(held_out[1])[:10_000]
    net = bpnet.Network(
        case.sizes, activations=case.sigma, cost="categorical_cross_entropy", seed=SEED
    )
    xp = net.backend.xp
    optimizer = bpnet.SGD(case.learning_rate)
    bare = compile_step(net.backend, make_step(net.model, StepConfig(optimizer)))
    order = np.random.default_rng(SEED).permutation(len(x)).reshape(steps, case.batch)
    rates = [optimizer.rates(k) for k in range(steps)]
    state = TrainingState(net.model.layout.join(net.weights, net.biases, xp))
    w, b = net.weights, net.biases

    def run_steps() -> None:
        nonlocal state
        state, _ = bare(state, x, y, order, rates)

    def validate() -> None:
        for start in range(0, len(x_held), 2000):
            feedforward(w, b, net.activations, x_held[start : start + 2000], xp)

    class Clock(bpnet.Callback):
        def on_fit_begin(self, fit: Any) -> None:
            self.times = [now()]

        def on_epoch_end(self, fit: Any, row: dict[str, Any]) -> None:
            self.times.append(now())

    clock, before = Clock(), []

    def fit(epochs: int) -> list[float]:
        before.append(now())
        net.fit(
            x,
            y,
            epochs=epochs,
            batch_size=case.batch,
            optimizer=optimizer,
            validation=(x_held, y_held),
            callbacks=[clock],
            progress=True,
        )
        before[-1] = clock.times[0] - before[-1]
        return list(np.diff(clock.times))

    run_steps(), validate(), fit(1)
    found: dict[str, list[float]] = {"steps": [], "validation": [], "epoch": []}
    for _ in range(rounds):
        found["steps"].append(seconds_of(run_steps))
        found["validation"].append(seconds_of(validate))
        found["epoch"].append(statistics.median(fit(3)))
    ratios = [e / (s + v) for s, v, e in zip(*found.values(), strict=True)]
    medians = {name: statistics.median(times) for name, times in found.items()}
    return medians | {"call": statistics.median(before), "ratio": statistics.median(ratios)}


def one_prediction(net_name: str, rounds: int) -> dict[str, float | str]:
    """Microseconds of ``predict`` of one sample, of its products, and of onnxruntime."""
    import bpnet

    case = {"small": SMALL, "middle": MIDDLE}[net_name].with_steps(1)
    x = case.data()[0][:1]
    weights, biases = case.start()
    net = bpnet.Network(case.sizes, activations=case.sigma, cost="categorical_cross_entropy")
    net.set_parameters(weights, biases)
    inputs = [x, *(np.random.default_rng(SEED).random((1, n), np.float32) for n in case.sizes[1:])]
    products = [
        (a, w.T, np.empty((1, w.shape[0]), np.float32))
        for a, w in zip(inputs[:-1], weights, strict=True)
    ]

    def multiply() -> None:
        for left, right, out in products:
            np.dot(left, right, out)

    ways: dict[str, Callable[[], Any]] = {"products": multiply, "bpnet": lambda: net.predict(x)}
    missing: dict[str, float | str] = {}
    try:
        session = _onnx_session(case)
    except AbsentError as error:
        missing["onnxruntime"] = str(error)
    else:
        ways["onnxruntime"] = lambda: session.run(None, {"x": x})[0]
        if net.predict(x)[0] != ways["onnxruntime"]()[0]:
            raise ArithmeticError("bpnet and onnxruntime predict different classes")
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(_microseconds(way))
    return {name: statistics.median(each) for name, each in times.items()} | missing


def _onnx_session(case: Case) -> Any:
    """The net as a graph of ONNX, written by hand, in onnxruntime with equal threads."""
    try:
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise AbsentError(f"{error.name} is not installed") from error
    weights, biases = case.start()
    last, nodes, constants, a = len(weights) - 1, [], [], "x"
    for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
        constants += [numpy_helper.from_array(w, f"w{l}"), numpy_helper.from_array(b, f"b{l}")]
        nodes.append(helper.make_node("Gemm", [a, f"w{l}", f"b{l}"], [f"z{l}"], transB=1))
        nodes.append(helper.make_node("Softmax" if l == last else "Sigmoid", [f"z{l}"], [f"a{l}"]))
        a = f"a{l}"
    nodes.append(helper.make_node("ArgMax", [a], ["class"], axis=1, keepdims=0))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["m", case.sizes[0]])],
        [helper.make_tensor_value_info("class", TensorProto.INT64, ["m"])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _imports(threads: int, rounds: int) -> dict[str, float]:
    """Milliseconds of an import in a fresh interpreter, interleaved."""
    names = ("numpy", "bpnet")
    times: dict[str, list[float]] = {name: [] for name in names}
    for k in range(rounds + 1):
        for name in names:
            code = (
                "from benchmarks.clock import now; began = now(); "
                f"import {name}; print(now() - began)"
            )
            done = subprocess.run(
                [sys.executable, "-c", code],
                env=environment(threads),
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            )
            if k:  # the first writes what Python caches
                times[name].append(float(done.stdout) * 1e3)
    return {name: statistics.median(each) for name, each in times.items()}


def _microseconds(do: Callable[[], Any], seconds: float = 0.02) -> float:
    """Of one call, over as many as fit into about so long."""
    count, took = 1, 0.0
    while took < seconds:
        began = now()
        for _ in range(count):
            do()
        took = now() - began
        if took < seconds:
            count *= 4
    return 1e6 * took / count
