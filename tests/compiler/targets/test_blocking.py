"""Chains that go block by block: what is large enough, and which rooms hold what is local."""

import numpy as np
import pytest
from compiler._trials import graph_of

import bpnet
from bpnet.compiler import compile_step
from bpnet.compiler.ir import ELEMENTWISE
from bpnet.compiler.schedule import Steps, schedule
from bpnet.compiler.targets.blocking import is_large, room_numbers
from bpnet.compiler.targets.numpy import NumpyTarget


def chain_of(value):
    """The first chain of a function of a matrix, (8, 3), and what uses what."""
    steps = Steps(graph_of(lambda xp, s, x, y, r: (s, value(xp, x) @ x.T), x=(8, 3)))
    groups = schedule(steps, lambda node: node.op in ELEMENTWISE)
    return next(group for group in groups if group.is_chain), steps.uses


@pytest.mark.parametrize(("block", "large"), [(12, True), (13, False)])
def test_two_blocks_are_large(block, large):
    graph = graph_of(lambda xp, s, x, y, r: (s, xp.tanh(x)), x=(8, 3))
    assert is_large(graph.z, block, {}) is large
    assert not is_large(graph.z, block, {graph.x: "x_k"})  # which is another array at each step
    assert not is_large(graph.x, 1, {})


def test_rooms_are_shared_by_what_is_not_read_at_the_same_time():
    def value(xp, x):
        a = xp.exp(x) + 1.0  # t0, t1
        b = a * a  # t2 may take the room of t1
        return b - xp.tanh(b)

    group, uses = chain_of(value)
    rooms = room_numbers(group, uses)
    assert [node.op for node in rooms] == ["exp", "add", "multiply", "tanh"]
    assert [*rooms.values()] == [0, 0, 0, 1]


def test_a_selection_is_not_written_to_what_it_reads():
    def value(xp, x):
        return xp.where(x > 0.0, xp.exp(x), x) + 1.0

    group, uses = chain_of(value)
    rooms = room_numbers(group, uses)
    (chosen,) = (node for node in rooms if node.op == "where")
    assert rooms[chosen] not in {rooms[one] for one in chosen.args if one in rooms}


def test_rooms_are_of_one_type():
    group, uses = chain_of(lambda xp, x: xp.exp(x) * xp.astype(xp.exp(x) > 1.0, x.dtype))
    rooms = room_numbers(group, uses)
    kinds = {}
    for node, room in rooms.items():
        assert kinds.setdefault(room, node.dtype) == node.dtype
    assert {one.name for one in kinds.values()} == {"bool", "float64"}


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9])
def test_blocks_that_do_not_divide_the_rows_agree(rows, monkeypatch):
    monkeypatch.setattr(NumpyTarget, "block", 3 * rows)

    def step(xp, state, x, y, rates):
        (w,) = state
        a = x @ w
        return (w,), xp.tanh(a) * xp.exp(-a) + xp.where(a > 0.0, a, 0.5 * a)

    backend = bpnet.get_backend("numpy", dtype="float64")
    x = np.random.default_rng(0).standard_normal((30, 3))
    order, w = np.arange(30).reshape(2, 15), np.eye(3)
    _, z = compile_step(backend, step)((w,), x, x, order, [(0.1,)] * 2)
    _, expected = step(np, (w,), x, x, (0.1,))
    np.testing.assert_allclose(z.reshape(30, 3), expected, rtol=1e-14)
