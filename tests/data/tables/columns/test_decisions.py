import datetime

import numpy as np
import pytest
from _errors import raises

from bpnet.data.tables.cell_parsing import parse_cells
from bpnet.data.tables.columns.decision import Decision
from bpnet.data.tables.columns.decisions import decide
from bpnet.data.tables.columns.decisions_in_words import decisions_in_words
from bpnet.data.tables.columns.options import ColumnOptions
from bpnet.data.tables.table import Table

N = 60


def decided(cells, name="a", **options):
    """The decision about one column; cells are a function of the row number, or an array."""
    if callable(cells):
        cells = [str(cells(i)) for i in range(N)]
        values = parse_cells(cells)
        if any(cell[:1] == "0" and cell.isdecimal() and len(cell) > 1 for cell in cells):
            values = np.array(cells, dtype=object)
    else:
        values = cells
    table = Table({name: values}, lines=np.arange(2, len(values) + 2))
    (decision,) = decide(table, np.arange(len(values)), ColumnOptions(**options))
    assert decision.column == name
    return decision


def day(i):
    return datetime.date(2021, 1, 1) + datetime.timedelta(days=5 * i)


@pytest.mark.parametrize(
    ("cells", "kind", "why", "guess"),
    [
        (lambda i: i / 7, "number", "numbers from 0 to 8.42857", False),
        (lambda i: i % 15, "number", "whole numbers from 0 to 14", False),
        (lambda i: i % 5 + 1, "number", "whole numbers from 1 to 5, 5 different", True),
        (lambda i: i % 2 + 1, "number", "whole numbers from 1 to 2", False),
        (lambda i: 7 + i, "number", "whole numbers from 7 to 66, counting the rows", True),
        (lambda i: i * i, "number", "different in every row", True),
        (lambda i: i % 2, "boolean", "0 and 1", False),
        (lambda i: ["TRUE", "False", ""][i % 3], "boolean", "TRUE and False", False),
        (lambda i: "yn"[i % 2], "boolean", "y and n", False),
        (lambda i: f"{1000 + 37 * (i % 40):,}", "number", "as '1,000'", True),
        (lambda i: f"${i % 40}.50", "number", "as '$0.50'", True),
        (lambda i: f"{i % 40},5", "number", "as '0,5'", True),
        (lambda i: "-" if i % 3 else i / 7, "number", "1 text for missing", True),
        (lambda i: "<5" if i == 9 else 5 + i / 7, "number", "1 text for missing", True),
        (lambda i: "123A"[i % 4], "category", "texts such as 'A' among numbers", True),
        (lambda i: f"0{i % 9}123", "category", "digits with leading zeros, as 00123", True),
        (lambda i: "xyz"[i % 3], "category", "3 different texts", False),
        (lambda i: f"{i}x", "left out", "its 60 texts all differ, like identifiers", False),
        (lambda i: f"{i % 40}x", "left out", "40 of its 60 texts differ", False),
        (lambda i: f"it is the {i % 30} of five", "left out", "sentences, 6 words", False),
        (lambda i: 5, "left out", "it is constant (=5) in the training rows", False),
        (lambda i: "x", "left out", "it is constant (='x') in the training rows", False),
        (lambda i: "", "left out", "it has no value in the training rows", False),
        (day, "date", "dates from 2021-01-01 to 2021-10-23", True),
        (lambda i: day(i).strftime("%m/%d/%Y"), "date", "2021-01-01 to 2021-10-23", True),
        (lambda i: day(i).strftime("%d.%m.%y"), "date", "2021-01-01 to 2021-10-23", True),
        (lambda i: day(i).strftime("%d %B %Y"), "date", "2021-01-01 to 2021-10-23", True),
        (lambda i: f"{day(i)}T10:00:00+02:00", "date", "2021-01-01 to 2021-10-23", True),
        (lambda i: day(i).strftime("%Y%m%d"), "date", "dates as 20210101", True),
        (lambda i: day(i).strftime("%Y-%m"), "date", "2021-01-01 to 2021-10-01", True),
        (lambda i: "-" if i == 3 else day(i), "date", "2021-01-01 to 2021-10-23", True),
        (lambda i: f"{i % 23}:30", "date", "times of day, such as '0:30'", True),
        (lambda i: f"{i}:30:00", "duration", "durations, such as '0:30:00'", True),
        (np.arange(9) * np.timedelta64(3, "h"), "duration", "stored as durations", False),
        (np.datetime64("2021-01-01") + np.arange(9), "date", "2021-01-01 to 2021-01-09", False),
        (lambda i: 1.6e9 + 1000 * (i % 50), "number", "whole numbers", False),
    ],
)
def test_what_a_column_is_taken_for(cells, kind, why, guess):
    decision = decided(cells)
    assert (decision.kind, decision.guess) == (kind, guess)
    assert why in decision.why


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.random.default_rng(0).permutation(3 * N)[:N], "different in every row"),
        (np.sort(np.random.default_rng(0).permutation(10**6)[:N]), "different in every row"),
        (np.sort(np.random.default_rng(0).permutation(10**6)[:N])[::-1], "different in every row"),
        (np.random.default_rng(0).permutation(N * N)[:N], ""),  # as amounts by chance
        (np.append(np.random.default_rng(0).permutation(3 * N)[: N - 1], 10**6), ""),
    ],
)
def test_whole_numbers_that_all_differ_are_told_if_chance_does_not_explain_it(values, why):
    decision = decided(values, "size")
    assert (decision.kind, decision.guess) == ("number", bool(why))
    assert why in decision.why


@pytest.mark.parametrize("name", ["id", "customer_id", "customerID", "rownames", "Unnamed: 0"])
def test_identifiers_by_name_and_values_are_left_out(name):
    random = np.random.default_rng(0).permutation(10**6)[:N]
    for values in (np.arange(N), np.arange(1, N + 1), random):
        decision = decided(values, name)
        assert decision.kind == "left out"
        assert decision.change.startswith("--numeric ")
        assert decided(values, name, numeric=[name]).kind == "number"
        assert decided(values, "size").guess == (values is not random)
    repeated = decided(np.arange(N) % 30, name)
    assert (repeated.kind, repeated.guess) == ("number", True)
    assert "called like an identifier" in repeated.why


@pytest.mark.parametrize("name", ["zip", "ZIP code", "home_zip", "postcode", "PLZ"])
def test_postal_codes_by_name_are_labels(name):
    decision = decided(np.arange(N) % 15 + 10_115, name)
    assert (decision.kind, decision.guess) == ("category", True)
    assert decision.change.startswith("--numeric ")
    assert decided(np.arange(N) % 15 + 10_115, "zipper").kind == "number"


def test_years_are_numbers():
    assert decided(np.arange(1950, 1950 + N), "year") == Decision(
        "year", "number", "whole numbers from 1950 to 2009", "--categorical year"
    )


def test_a_column_without_a_name_is_left_out():
    assert decided(np.arange(N) / 7, "").why == "it has no name"


def test_days_and_months_that_may_be_exchanged():
    ambiguous = decided(lambda i: f"{1 + i % 12}/{1 + i % 7}/2021")
    assert ambiguous.change == "--day-first"
    assert "month first" in ambiguous.why
    told = decided(lambda i: f"{1 + i % 12}/{1 + i % 7}/2021", day_first=True)
    assert told.change == "--categorical a"


def test_the_user_decides():
    assert decided(np.arange(N) % 3, categorical="a").kind == "category"
    assert decided(np.arange(N) % 3, text="a").kind == "category"
    assert decided(lambda i: f"0{i % 9}1", numeric="a").kind == "number"
    assert decided(np.arange(N) % 2, numeric="a").kind == "number"
    assert decided(lambda i: f"{i}x", categorical="a").kind == "category"
    assert decided(day, categorical="a").kind == "category"
    assert decided(np.arange(N), drop="a") == Decision("a", "left out", "as asked for")
    table = Table({"a": np.arange(N) / 7, "b": np.arange(N) / 7})
    kinds = [one.kind for one in decide(table, np.arange(N), ColumnOptions(features="b"))]
    assert kinds == ["left out", "number"]
    with raises("numeric: no column 'c'"):
        decide(table, np.arange(N), ColumnOptions(numeric="c"))


def test_a_constant_in_the_training_rows_is_left_out():
    table = Table({"a": np.arange(N), "b": np.array(["x"] * (N - 1) + ["y"], dtype=object)})
    assert [one.kind for one in decide(table, np.array([3]))] == ["left out", "left out"]


def test_a_name_with_blanks_is_in_quotes():
    assert decided(lambda i: i % 5, "a b").change == "--categorical 'a b'"


def test_decisions_in_words_are_bounded():
    assert decisions_in_words([]) == ""
    many = [Decision(f"c{i}", "number", "numbers from 0 to 1", f"--drop c{i}") for i in range(999)]
    many.append(Decision("z" * 500, "category", "labels\n" * 200, "--drop z", guess=True))
    words = decisions_in_words(many)
    assert len(words) < 6000
    first, *_, guess, rest = words.splitlines()
    assert first.split() == ["column", "taken", "for", "why", "to", "change", "it"]
    assert guess.startswith("zzz")
    assert guess.endswith("--drop z")
    assert rest == "and 960 more columns: number 960"


def test_long_texts_are_shortened():
    long = "x" * 100_000
    for cells in (
        lambda i: long if i == 3 else i / 7,
        lambda i: long if i % 3 == 0 else i % 5,
        lambda i: long,
        lambda i: f"0{i % 3}" + "1" * 5000,
    ):
        decision = decided(cells)
        assert len(decision.why) + len(decision.change) < 400
