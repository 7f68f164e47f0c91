"""Equal graphs are rewritten once, and compiled once, in a process."""

import functools
import gc
import math
import weakref

import numpy as np
import pytest
from compiler._trials import graph_of, lines, training

import bpnet
from bpnet.compiler import compile_step
from bpnet.compiler.passes import fill_bounds, fold_scale
from bpnet.compiler.reuse import identity_of, rewritten
from bpnet.compiler.source import load


def graph(value=lambda xp, x: xp.maximum(x, 0.0), **options):
    return graph_of(lambda xp, s, x, y, r: (s, value(xp, x)), **options)


@pytest.fixture
def calls():
    """A rewriting that counts."""

    class Rewriting:
        count = 0

        def __call__(self, graph, passes):
            self.count += 1
            return functools.reduce(lambda so_far, one: one(so_far), passes, graph)

    return Rewriting()


def test_an_equal_graph_is_rewritten_once(calls):
    passes = [functools.partial(fill_bounds, most=100), fold_scale]
    first = rewritten(graph(), passes, calls)
    again = rewritten(graph(), [functools.partial(fill_bounds, most=100), fold_scale], calls)
    assert again is first
    assert calls.count == 1
    assert lines(first) == ["%0 = zeros()", "%1 = maximum(x, %0)", "z = %1"]


@pytest.mark.parametrize(
    "other",
    [
        graph(lambda xp, x: xp.minimum(x, 0.0)),
        graph(lambda xp, x: xp.maximum(x, -0.0)),
        graph(lambda xp, x: xp.maximum(0.0, x)),
        graph(lambda xp, x: xp.maximum(x, math.nan)),
        graph(x=(3, 3), y=(3, 2)),
        graph(y=(2, 1)),
        graph_of(lambda xp, s, x, y, r: (s, xp.maximum(y, 0.0)), x=(2, 2), y=(2, 3)),
        graph_of(lambda xp, s, x, y, r: (s, xp.maximum(x, 0.0)), (4,)),
    ],
    ids=[
        "operation",
        "negative-zero",
        "operands",
        "nan",
        "shape",
        "target-shape",
        "input",
        "state",
    ],
)
def test_another_graph_is_another(other, calls):
    assert identity_of(other) != identity_of(graph())
    assert identity_of(other) == identity_of(other.pruned())
    passes = [functools.partial(fill_bounds, most=100)]
    first = rewritten(graph(), passes, calls)
    assert rewritten(other, passes, calls) is not first
    assert calls.count == 2


def test_the_results_of_a_state_are_told_apart():
    same, swapped = (graph_of(lambda xp, s, x, y, r, k=k: (s[::k], x), (4,), (4,)) for k in (1, -1))
    assert identity_of(same) != identity_of(swapped)


def test_other_passes_rewrite_again(calls):
    for passes in (
        [fold_scale],
        [functools.partial(fill_bounds, most=100)],
        [functools.partial(fill_bounds, most=1)],
    ):
        rewritten(graph(), passes, calls)
    assert calls.count == 3


def test_passes_that_cannot_be_compared_rewrite_each_time(calls):
    def nothing(graph, options):
        return graph

    for _ in range(2):
        rewritten(graph(), [functools.partial(nothing, options=[])], calls)
    assert calls.count == 2


def test_the_error_of_a_pass_comes_each_time(calls):
    def broken(graph):
        raise TypeError("a pass that is broken")

    for _ in range(2):
        with pytest.raises(TypeError, match="a pass that is broken"):
            rewritten(graph(), [broken], calls)
    assert calls.count == 2


def test_equal_runs_share_no_array(backend):
    trials = [training(backend, "relu", "quadratic", "adam", 0.01, "uneven") for _ in range(2)]
    states = [trial.run(trial.planned, trial.state)[0] for trial in trials]
    before = trials[0].values(states[0])
    trials[1].run(trials[1].planned, states[1])
    assert all(map(np.array_equal, before, trials[0].values(states[0])))


def test_what_is_kept_holds_no_array():
    backend = bpnet.get_backend("numpy", dtype="float64")

    def step(xp, state, x, y, rates):
        return (state[0] - rates[0] * xp.sum(x, axis=0),), x

    x, order = np.ones((4, 3)), np.asarray([[0, 1], [2, 3]])
    run = compile_step(backend, step)
    state, z = run((np.zeros(3),), x, x, order, [(0.1,)] * 2)
    gone = [weakref.ref(one) for one in (x, state[0], z.base if z.base is not None else z)]
    del x, state, z, run
    gc.collect()
    assert [one() for one in gone] == [None] * 3


def test_equal_sources_keep_files_of_their_own():
    source = "def run(*, v0=v0):\n    return (lambda: [v0])()\n"
    one, other = load(source, {"v0": 1}), load(source, {"v0": 2})
    assert (one(), other()) == ([1], [2])
    assert one.__code__.co_filename != other.__code__.co_filename
    inner = next(one for one in other.__code__.co_consts if hasattr(one, "co_filename"))
    assert inner.co_filename == other.__code__.co_filename
