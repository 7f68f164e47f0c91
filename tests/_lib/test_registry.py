"""The name that was probably meant."""

import pytest

from bpnet._lib.registry import check_name, closest

NAMES = ["Age", "city", "zip code"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("age", "Age"), ("CITY", "city"), ("zipcode", "zip code"), ("price", None), ("", None)],
)
def test_the_closest_name_in_whatever_case(name, meant):
    assert closest(name, NAMES) == meant


def test_a_known_name_is_returned_and_an_unknown_one_told():
    assert check_name("city", NAMES, "column") == "city"
    with pytest.raises(ValueError, match="unknown column 'AGE': did you mean 'Age'"):
        check_name("AGE", NAMES, "column")
    with pytest.raises(ValueError, match="unknown column 'x': known are Age, city, zip code"):
        check_name("x", NAMES, "column")
