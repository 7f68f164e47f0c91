"""Which calls go side by side: each keeps its order with those that it conflicts with."""

import itertools
import random

import pytest

from bpnet.compiler.targets.streams import Call, side_by_side


def call(name, reads=(), writes=(), work=1.0):
    return Call((name,), *([(one, 0, 4) for one in some] for some in (reads, writes)), work)


def order_of(lines):
    """Which calls the lines let come before which: pairs of names."""
    known, done, marks, queue = {0: set(), 1: set()}, [], {}, 0
    for line in lines:
        if line.startswith("at("):
            queue, *waits = line[3:-1].split(", ")
            queue = int(queue)
            known[queue] = known[queue].union(*(marks[one] for one in waits))
        elif line.endswith("= mark()"):
            marks[line.split()[0]] = {*known[queue]}
        else:
            done += [(one, line) for one in known[queue]]
            known[queue].add(line)
    return {*done}, known


def test_a_gradient_goes_beside_the_way_back():
    calls = [
        call("forward", ["w"], ["z"]),
        call("error", ["z"], ["delta"]),
        call("gradient", ["delta"], ["b"]),
        call("back", ["delta", "w"], ["before"], work=9.0),
        call("update", ["before"], ["w"]),
    ]
    before, known = order_of(side_by_side(calls))
    assert ("gradient", "back") not in before
    assert ("back", "gradient") not in before
    assert {("forward", "error"), ("error", "gradient"), ("back", "update")} <= before
    assert known[0] == {one.lines[0] for one in calls}  # the end waits for both


def test_what_depends_on_all_before_it_stays_in_one_queue():
    calls = [call(str(k), [k], [k + 1]) for k in range(4)]
    assert side_by_side(calls) == ["0", "1", "2", "3"]


def test_of_very_many_calls_none_is_compared():
    calls = [call(str(k), ["x"], [k]) for k in range(301)]
    assert side_by_side(calls) == [str(k) for k in range(301)]
    assert side_by_side(calls[:9]) != [str(k) for k in range(9)]


@pytest.mark.parametrize("overlap", [(0, 4), (3, 9)])
def test_memory_conflicts_where_it_overlaps(overlap):
    first = Call(("first",), (), (("memory", 0, 4),), 1.0)
    second = Call(("second",), (("memory", *overlap),), (("other", 0, 4),), 1.0)
    third = Call(("third",), (("memory", 4, 9),), (("another", 0, 4),), 1.0)
    before, _ = order_of(side_by_side([first, second, third]))
    assert ("first", "second") in before
    assert ("first", "third") not in before


@pytest.mark.parametrize("seed", range(200))
def test_any_calls_keep_the_order_of_their_conflicts(seed):
    rng = random.Random(seed)
    places = range(rng.randint(2, 8))
    calls = [
        call(
            str(k),
            rng.sample(places, rng.randint(0, 2)),
            rng.sample(places, rng.randint(0, 2)),
            rng.choice([1.0, 5.0, 50.0]),
        )
        for k in range(rng.randint(1, 20))
    ]
    before, known = order_of(side_by_side(calls))
    for one, other in itertools.combinations(calls, 2):
        reads, writes = ({a for a, *_ in some} for some in (one.reads, one.writes))
        theirs = {a for a, *_ in other.reads}, {a for a, *_ in other.writes}
        if writes & (theirs[0] | theirs[1]) or reads & theirs[1]:
            assert (*one.lines, *other.lines) in before
    assert known[0] == {line for one in calls for line in one.lines}
