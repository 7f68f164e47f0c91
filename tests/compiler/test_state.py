"""States: nested tuples, named ones among them."""

from typing import Any, NamedTuple

from bpnet.compiler.state import leaves_of, map_leaves, rebuild, structure_of


class State(NamedTuple):
    theta: Any
    memory: tuple[Any, ...] = ()


STATE = State(1, (2, (3,), ()))


def test_leaves_are_in_order():
    assert leaves_of(STATE) == [1, 2, 3]
    assert leaves_of(()) == []
    assert leaves_of(5) == [5]


def test_types_of_tuples_stay():
    assert rebuild(STATE, [4, 5, 6]) == State(4, (5, (6,), ()))
    assert type(rebuild(STATE, [4, 5, 6])) is State
    assert map_leaves(str, STATE) == State("1", ("2", ("3",), ()))
    assert type(map_leaves(str, (1, State(2)))[1]) is State


def test_structures_differ_by_type_and_length():
    assert structure_of(STATE) == structure_of(map_leaves(str, STATE))
    assert structure_of(STATE) != structure_of(tuple(STATE))
    assert structure_of((1, 2)) != structure_of((1,))
    assert structure_of((1, 2)) != structure_of((1, (2,)))
