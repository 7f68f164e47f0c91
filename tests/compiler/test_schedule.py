"""The order of operations, and which of them are done together."""

import pytest
from compiler._trials import graph_of

from bpnet.compiler.ir import ELEMENTWISE
from bpnet.compiler.schedule import Steps, schedule


def value(xp, x):
    a = xp.tanh(x)
    b = a * a + x
    total = xp.sum(b, axis=1, keepdims=True)
    return b / total


@pytest.fixture
def steps():
    return Steps(graph_of(lambda xp, s, x, y, r: (s, value(xp, x)), x=(4, 3)))


def ops(groups):
    return [[node.op for node in group.nodes] for group in groups]


def is_elementwise(node):
    return node.op in ELEMENTWISE


def test_operations_and_their_last_reading(steps):
    tanh, multiply, add, total, divide = steps.nodes
    assert [steps.place[node] for node in steps.nodes] == [0, 1, 2, 3, 4]
    assert steps.last == {steps.graph.x: 2, tanh: 1, multiply: 2, add: 4, total: 4}
    assert steps.kept == {steps.graph.x, steps.graph.y, divide}


def test_by_default_each_operation_is_by_itself(steps):
    groups = schedule(steps)
    assert ops(groups) == [["tanh"], ["multiply"], ["add"], ["sum"], ["divide"]]
    assert not any(group.is_chain or group.local for group in groups)


def test_chains_are_of_one_shape_and_what_they_keep_is_local(steps):
    groups = schedule(steps, is_elementwise)
    assert ops(groups) == [["tanh", "multiply", "add"], ["sum"], ["divide"]]
    assert [group.is_chain for group in groups] == [True, False, True]
    assert [node.op for node in groups[0].nodes if node in groups[0].local] == ["tanh", "multiply"]


def test_what_is_placed_elsewhere_is_not_local(steps):
    (tanh, *_) = steps.nodes
    groups = schedule(steps, is_elementwise, placed={tanh})
    assert tanh not in groups[0].local


def test_groups_may_be_joined(steps):
    groups = schedule(steps, is_elementwise, may_join=lambda nodes: len(nodes) < 5)
    assert ops(groups) == [["tanh", "multiply", "add", "sum"], ["divide"]]
    assert [node.op for node in groups[0].nodes if node in groups[0].local] == ["tanh", "multiply"]
    assert len(schedule(steps, is_elementwise, may_join=lambda nodes: True)) == 1


def test_a_chain_reads_no_other_view_of_what_it_computes():
    def turned(xp, x):
        a = xp.tanh(x)
        return a + a[:, ::-1]

    steps = Steps(graph_of(lambda xp, s, x, y, r: (s, turned(xp, x)), x=(4, 3)))
    groups = schedule(steps, is_elementwise, may_join=lambda nodes: True)
    assert ops(groups) == [["tanh"], ["add"]]
