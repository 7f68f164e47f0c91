"""What a step became, in words; or why the plain loop runs it."""

import itertools

import numpy as np
import pytest
from compiler._trials import digits, training, with_own

import bpnet
from bpnet.backends import Namespace
from bpnet.backends.numpy import NumpyBackend
from bpnet.compiler import Explanation, compile_step, explain, explain_step


class WithoutTarget(NumpyBackend):
    name, target = "plain", None
    xp = Namespace(np)


@pytest.fixture
def told(numpy_backend):
    trial = digits(numpy_backend, "sigmoid", "sgd")
    given = trial.state, (10, 784), (10, 10), trial.rates[0]
    return explain_step(numpy_backend, trial.step, *given)


def test_it_tells_what_each_pass_changed(told):
    assert [str(one) for one in told.passes[:4]] == [
        "widen            no change",
        "fold_scale       -1 multiply, +1 scalar",
        "accumulate       -1 concat, -2 matmul, -1 subtract, -2 sum, "
        "+2 addmm, +2 addmv, +1 joined, +4 slice",
        "spread_sums      no change",
    ]


def test_it_tells_buffers_with_their_bytes(told):
    state, *_, total = told.buffers
    assert state == "state0  (23860,)      float64  190,880 bytes    kept between steps"
    assert total == "200,480 bytes held by the plan"
    assert any("another array at each step" in one for one in told.buffers)


def test_it_tells_the_calls_in_order(told):
    assert told.calls[:2] == (
        "b4 = matmul(x, state0[0:23520].reshape(30, 784).T)",
        "b4 = add(b4, state0[23820:23850].reshape(30))",
    )
    body = told.source.partition("fill(cell, values[k])\n")[2].splitlines()[:-1]
    assert len(told.calls) == len(body) == 27


def test_it_tells_what_the_names_in_the_source_are(told):
    assert told.legend[:4] == (
        "v0: state0[0:23520].reshape(30, 784).T",
        "v1: b4",
        "v2: state0[23820:23850].reshape(30)",
        "v3: 0.5",
    )
    assert "dot(x_k, v0, v1)" in told.source


def test_it_prints_everything(told):
    text = str(told)
    for title, line in itertools.pairwise(
        ["passes", "buffers", "calls", "source", "names in the source", ""]
    ):
        assert f"\n\n{title}\n  " in text
        assert line in text
    assert text.startswith("backend: <numpy on cpu, float64>\ntarget: NumpyTarget\n")


def test_it_runs_nothing_and_leaves_the_state(numpy_backend):
    trial = training(numpy_backend, "tanh", "huber", "adam", 0.01, "equal")
    before = trial.values(trial.state)
    explain_step(numpy_backend, trial.step, trial.state, (6, 3), (6, 2), trial.rates[0])
    assert all(map(np.array_equal, trial.values(trial.state), before))


def test_chains_and_what_they_keep_are_told(numpy_backend):
    trial = training(numpy_backend, "gelu", "quadratic", "sgd", 0, ((300, 230, 3), 300))
    told = explain_step(numpy_backend, trial.step, trial.state, (300, 300), (300, 3), (0.1,))
    chain = told.calls.index(next(one for one in told.calls if one.startswith("chain of ")))
    assert told.calls[chain + 1].startswith("  ")
    assert any("t0" in one for one in told.calls)


def test_a_result_that_is_copied_is_told(numpy_backend):
    def step(xp, state, x, y, rates):
        return (state[1], state[0]), x * 1.0

    told = explain_step(numpy_backend, step, (np.zeros(3),) * 2, (2, 3), (2, 1), (0.1,))
    assert told.calls[-2:] == ("state0 = state1", "state1 = state0")


def test_it_tells_why_the_plain_loop_runs(numpy_backend):
    trial = with_own(numpy_backend, lambda z, xp: xp.cumsum(z), lambda z, a, xp: z)
    told = explain_step(numpy_backend, trial.step, trial.state, (6, 3), (6, 2), trial.rates[0])
    reason = "the plain loop runs this step: function cumsum is not known to the compiler"
    assert told.reason == reason
    assert str(told).splitlines()[-1] == reason
    assert not told.source


def test_a_backend_without_a_target_has_the_plain_loop():
    backend = WithoutTarget("cpu", "float64")
    told = explain_step(backend, lambda *_: None, (), (1, 1), (1, 1), ())
    assert told.reason == "the plain loop runs this step: plain has no compiler target"
    assert explain(compile_step(backend, lambda *_: None)).reason == told.reason


def test_a_run_is_explained_by_what_it_last_did(numpy_backend):
    trial = digits(numpy_backend, "sigmoid", "sgd")
    with pytest.raises(ValueError, match="when it is first called"):
        explain(trial.planned)
    trial.run(trial.planned, trial.state)
    trial.run(trial.planned, trial.state, m=4)
    told = explain(trial.planned)
    assert isinstance(told, Explanation)
    assert told.buffers[1].split()[1:3] == ["(4,", "784)"]
    trial.run(trial.planned, trial.state)
    assert explain(trial.planned).buffers[1].split()[1:3] == ["(10,", "784)"]
    with pytest.raises(TypeError, match="is not a run of this compiler"):
        explain(len)


def test_a_run_that_fell_back_says_why(numpy_backend):
    trial = with_own(numpy_backend, lambda z, xp: z**3, lambda z, a, xp: 3.0 * z * z)
    trial.run(trial.planned, trial.state)
    assert "power 3 is not known to the compiler" in str(explain(trial.planned))


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_other_libraries_are_explained(library):
    pytest.importorskip(library, reason=f"{library} is not installed")
    backend = bpnet.get_backend(library, dtype="float32")
    trial = training(bpnet.get_backend("numpy"), "relu", "quadratic", "adam", 0.01, "equal")
    told = explain_step(backend, trial.step, trial.state, (6, 3), (6, 2), trial.rates[0])
    assert library in str(told)
    if library == "torch":
        assert "addmm(" in told.source
        assert [one.name for one in told.passes if one.added][-1] == "scale_addends"


def test_without_a_plain_loop_it_says_so(numpy_backend, monkeypatch):
    monkeypatch.setattr("bpnet.compiler.targets.numpy.NumpyTarget.plain", lambda *_: None)
    monkeypatch.setattr(numpy_backend, "compute_dtype", "bfloat16", raising=False)
    trial = with_own(numpy_backend, lambda z, xp: z**3, lambda z, a, xp: z)
    told = explain_step(numpy_backend, trial.step, trial.state, (6, 3), (6, 2), trial.rates[0])
    expected = "power 3 is not known to the compiler, and numpy has no plain loop in bfloat16"
    assert told.reason == expected
