"""Replayed curves beside published ones, in numbers and in a table."""

import math

from book.replays._programs import PROGRAM

from bpnet.book.replays.comparison import compare, table
from bpnet.book.replays.programs import MONITORED


def curves(counts=(5, 6, 7), costs=(0.5, 0.25, 0.125)):
    full = {what: list(counts if what.endswith("accuracy") else costs) for what in MONITORED}
    return {arm.name: {what: full[what] for what in arm.monitored} for arm in PROGRAM.arms}


def test_equal_curves():
    found = compare(PROGRAM, curves(), curves())
    assert [(one.arm, one.what) for one in found] == [
        (arm.name, what) for arm in PROGRAM.arms for what in arm.monitored
    ]
    assert {(one.epochs, one.equal, one.difference, one.departs) for one in found} == {
        (3, 3, 0.0, None)
    }


def test_counts_must_be_equal_and_costs_to_rounding():
    there = curves(counts=(5, 7, 7), costs=(0.5, 0.25 * (1 + 5e-13), 0.126))
    found = {one.what: one for one in compare(PROGRAM, there, curves()) if one.arm == "default"}
    count, cost = found["evaluation accuracy"], found["training cost"]
    assert (count.equal, count.difference, count.departs) == (2, 1.0, 2)
    assert (cost.equal, cost.departs) == (2, 3)
    assert math.isclose(cost.difference, 0.008, rel_tol=1e-9)


def test_of_fewer_epochs_those_are_compared():
    found = compare(PROGRAM, curves(counts=(5,), costs=(0.5,)), curves())
    assert {(one.epochs, one.equal) for one in found} == {(1, 1)}


def test_what_is_no_number_is_not_equal():
    found = compare(PROGRAM, curves(costs=(0.5, math.nan, 0.125)), curves())
    assert {one.departs for one in found if not one.counts} == {2}


def test_the_table():
    apart = compare(PROGRAM, curves(counts=(5, 7, 7), costs=(0.5, 0.25, 0.126)), curves())
    header, cost, count, _ = table({"small": apart[:3]}).splitlines()
    assert " ".join(header.split()) == (
        "program arm after each epoch equal largest difference departs"
    )
    assert " ".join(cost.split()) == "small default evaluation cost 2 of 3 8.0e-03 in epoch 3"
    assert " ".join(count.split()) == "small default evaluation accuracy 2 of 3 1 in epoch 2"
