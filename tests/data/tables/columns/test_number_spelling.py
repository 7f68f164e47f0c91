import math

import numpy as np
import pytest

from bpnet.data.tables.columns.number_spelling import PLAIN, NumberSpelling, find_spelling

NBSP, THIN, MINUS, EURO = "\u00a0", "\u202f", "\u2212", "\u20ac"


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["64,720", "5", "1,234,567"], [64720, 5, 1234567]),
        (["64,720.5", "0.25"], [64720.5, 0.25]),
        (["64.720,5", "3", "1.234"], [64720.5, 3, 1234]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["64 720", "1,5"], [64720, 1.5]),
        ([f"64{NBSP}720", f"1{THIN}000{THIN}000"], [64720, 1e6]),
        (["1'000", "1\u2019000.5"], [1000, 1000.5]),
        (["12,34,567", "1,234"], [1234567, 1234]),
        (["1,5", "12,25"], [1.5, 12.25]),
        (["0,123", "0,456"], [0.123, 0.456]),  # no thousands begin with a zero
        (["$1,000.50", "-$5", "$-5", "($5)", "(1,234)"], [1000.5, -5, -5, -5, -1234]),
        ([f"1.234,5 {EURO}", f"{EURO}2", "3 EUR", "USD 4", "US$5"], [1234.5, 2, 3, 4, 5]),
        (["1.0%", "2 %", "-3%"], [1, 2, -3]),
        ([f"{MINUS}5", "+5", "- 5"], [-5, 5, -5]),
        (["1e5", "1,5e3"], [1e5, 1500]),
    ],
)
def test_numbers_as_people_write_them(texts, numbers):
    spelling, _ = find_spelling(texts)
    read, wrong = spelling.read(texts)
    assert read.tolist() == numbers
    assert not wrong.any()


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "n.a.",
        "<5",
        "5 kg",
        "--5",
        "(-5)",
        "1,2,3",
        "1,234,56",
        "1_000",
        "",
        "12:30",
        "$",
        "%5",
    ],
)
def test_what_is_no_number(text):
    for spelling in (PLAIN, NumberSpelling(".", ",", None), NumberSpelling(",", ".", None)):
        assert spelling.parse(text) is None


def test_the_spelling_is_seen_from_the_whole_column():
    assert find_spelling(["1,234", "0,5"])[0].parse("1,234") == 1.234
    assert find_spelling(["1,234", "0.5"])[0].parse("1,234") == 1234
    assert find_spelling(["1,234", "5", "-", "n.a."])[0].parse("1,234") == 1234


def test_two_readings_are_told():
    best, other = find_spelling(["1,234", "17"])
    assert (best.parse("1,234"), other.parse("1,234")) == (1234, 1.234)
    assert find_spelling(["1,234,567"])[1] is None
    assert find_spelling(["1.5", "2"])[1] is None
    best, other = find_spelling(["1,234", "17"], decimal=",")
    assert (best.parse("1,234"), other) == (1.234, None)


def test_missing_and_wrong_cells_are_told_apart():
    numbers, wrong = NumberSpelling(".", ",").read(np.array(["1,000", None, "-"], dtype=object))
    assert numbers[0] == 1000
    assert math.isnan(numbers[1])
    assert math.isnan(numbers[2])
    assert wrong.tolist() == [False, False, True]


def test_signs_are_those_of_the_column():
    spelling, _ = find_spelling(["$5", "-$1,000", "7"])
    assert spelling.signs == ("$",)
    assert spelling.parse("$2") == 2
    assert spelling.parse("5%") is None
    assert PLAIN.parse("5%") is None
