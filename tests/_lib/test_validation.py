"""Objects that hold their fields to constraints."""

import pickle

import numpy as np
import pytest

from bpnet._lib.constraints import Constraints, Integer, Number
from bpnet._lib.validation import Validated


class Base(Validated):
    constraints = Constraints(steps=Integer(1))

    rate: float
    steps: int = 10


class Derived(Base):
    constraints = Constraints(rate=Number(0.0))

    bias: "float | None" = None  # as `from __future__ import annotations` has it
    name: str = "any"


def test_fields_are_converted_by_annotation_and_by_constraint():
    one = Base(np.float32(0.5), np.int64(3))
    assert (type(one.rate), type(one.steps)) == (float, int)
    assert one == Base(0.5, 3)
    assert hash(one) == hash(Base(0.5, 3))
    assert pickle.loads(pickle.dumps(one)) == one
    assert type(one.replaced(rate=np.float64(2)).rate) is float


def test_constraints_are_inherited_and_can_be_tightened():
    assert Base(-1).rate == -1.0
    with pytest.raises(ValueError, match=r"rate must be at least 0 and finite, not -1\.0"):
        Derived(-1)
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        Derived(1.0, 0)


def test_an_annotation_may_allow_none():
    assert Derived(1).bias is None
    assert type(Derived(1, bias=np.float64(2)).bias) is float
    with pytest.raises(TypeError, match="bias must be a number, not 'a'"):
        Derived(1, bias="a")


def test_defaults_are_held_to_them_too():
    class Careless(Validated):
        rate: float = np.float64(0.5)

    class Wrong(Validated):
        rate: float = "fast"

    assert type(Careless().rate) is float
    with pytest.raises(TypeError, match="rate must be a number, not 'fast'"):
        Wrong()


def test_other_annotations_are_left_alone():
    assert Derived(1, name=3).name == 3


def test_what_a_subclass_derives_sees_converted_fields():
    class Half(Base):
        def __post_init__(self):
            object.__setattr__(self, "half", self.rate / 2)

    assert type(Half(np.float64(1.0)).half) is float
