"""Optimizers by name."""

import pytest

from bpnet.optimizers import BUILT_IN, get

ALL = [kind() for kind in BUILT_IN.values()]


@pytest.mark.parametrize("expected", ALL, ids=lambda value: type(value).__name__)
def test_names(expected):
    assert get(type(expected).__name__.lower()) == expected
    assert get(expected) is expected


def test_an_unknown_name_says_what_was_meant():
    with pytest.raises(ValueError, match="unknown optimizer 'adma': did you mean 'adam'"):
        get("adma")
