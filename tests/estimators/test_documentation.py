"""Docstrings of the estimators name everything that a user can set or read."""

import re

import pandas as pd
import pytest
from estimators._cases import BOTH, fitted, ours, samples

CALLS = ("fit", "partial_fit", "predict", "score", "save", "load")


def documented(text, section):
    """Names in a section of a docstring."""
    lines = text.expandtabs().split(f"{section}\n", 1)[1].splitlines()
    margin = re.match(" *", lines[0])[0]
    names = []
    for line, after in zip(lines[1:], [*lines[2:], ""], strict=True):
        if after.strip().startswith("---"):  # the next section
            break
        if re.match(rf"{margin}[a-zA-Z]", line):
            names += line.partition(" : ")[0].strip().split(", ")
    return names


@BOTH
def test_every_parameter_is_documented_in_order(kind):
    assert documented(ours(kind).__doc__, "Parameters") == [
        name for name in ours(kind).__init__.__annotations__ if name != "return"
    ]


@BOTH
def test_every_public_attribute_is_documented_and_no_other(kind):
    X, y = samples(kind)
    X = pd.DataFrame(X, columns=[f"column {k}" for k in range(X.shape[1])])
    found = set()
    for given in ({}, {"early_stopping": True}, {"solver": "lbfgs"}):
        found |= vars(fitted(ours(kind)(max_iter=2, **given), X, y)).keys()
    public = {name for name in found if name.endswith("_") and name[0] != "_"}
    assert set(documented(ours(kind).__doc__, "Attributes")) == public


@BOTH
@pytest.mark.parametrize("call", CALLS)
def test_every_argument_of_a_method_is_documented(kind, call):
    method = getattr(ours(kind), call)
    arguments = [one for one in method.__annotations__ if one != "return"]
    assert documented(method.__doc__, "Parameters") == arguments


@BOTH
def test_nothing_is_left_to_be_filled_in(kind):
    assert not re.search(r"^ *<\w+>$", ours(kind).__doc__, flags=re.MULTILINE)
