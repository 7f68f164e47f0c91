import json

import numpy as np
import pytest
from _errors import raises

from bpnet.data.tables.columns.calendar import Calendar
from bpnet.data.tables.columns.categorical import Categorical
from bpnet.data.tables.columns.encoder import read_column
from bpnet.data.tables.columns.fit import fit_columns
from bpnet.data.tables.columns.numeric import Number
from bpnet.data.tables.columns.options import ColumnOptions
from bpnet.data.tables.notes import Notes
from bpnet.data.tables.preprocessing import encode_columns
from bpnet.data.tables.table import Table


def texts(*cells):
    return np.array(cells, dtype=object)


def fitted(values, rows=None, name="a", **options):
    """The encoder of one column, and what is told."""
    table = Table({name: values}, lines=np.arange(2, len(values) + 2))
    rows = np.arange(len(values)) if rows is None else rows
    notes = Notes()
    columns, _ = fit_columns(table, rows, ColumnOptions(**options), notes)
    for column in columns:
        assert read_column(json.loads(json.dumps(column.to_dict())), "here") == column
    return columns[0] if columns else None, notes.sentences()


def encoded(column, values, told=None):
    notes = Notes()
    x = encode_columns([column], {column.name: values}, notes)
    notes.refuse_unknown()
    if told is not None:
        assert notes.sentences() == tuple(told)
    return x


class TestNumbers:
    def test_they_are_read_alike_as_numbers_and_as_text(self):
        spelled = texts(*(f"{1000 + 37 * i:,}" for i in range(40)), None)
        column, told = fitted(spelled)
        assert told == (
            "column 'a' is read as numbers, '1,000' as 1000; if that is 1, use --decimal ,; it is "
            "a different whole number in every row; if it identifies rows, use --drop a",
        )
        x = encoded(column, ["1,000", "2,443", None])
        np.testing.assert_array_equal(encoded(column, [1000.0, 2443.0, np.nan]), x)
        assert x[2, 0] == 0

    def test_a_spelling_that_the_model_does_not_know_is_refused(self):
        column, _ = fitted(np.arange(30) / 7)
        for text in ("1,5", "1,234", "5%", "$3", "n.a."):
            with raises(f"column 'a', row 2: '{text}' is not a number", "leave the cell empty"):
                encoded(column, ["1.5", text])
        with raises("or train with --missing 'not known' (missing=['not known'] in Python)"):
            encoded(column, ["not known"])

    def test_marks_are_missing_in_other_files_too(self):
        cells = texts(*("-" if i == 4 else str(i / 7) for i in range(40)))
        column, told = fitted(cells)
        assert told == (
            "column 'a' is read as numbers; 1 cell counts as missing: '-' in line 6; "
            "--categorical a takes all cells for labels",
        )
        assert encoded(column, ["-", "-"]).tolist() == [[0], [0]]
        with raises("'--' is not a number"):
            encoded(column, ["--"])

    def test_many_missing_values_are_a_feature(self):
        values = np.arange(100.0) / 7
        values[:4] = np.nan
        assert fitted(values)[0].features == ("a",)
        values[:5] = np.nan
        column, _ = fitted(values)
        assert column.features == ("a", "a=(missing)")
        assert encoded(column, [np.nan, column.scaling.center]).tolist() == [[0, 1], [0, 0]]

    @pytest.mark.parametrize(
        ("outlier", "spelled"), [(999_999.0, " 999999"), (-1e39, "=-1e+39"), (999.0, " 999")]
    )
    def test_an_outlier_is_told(self, outlier, spelled):
        values = np.linspace(20.0, 70.0, 200)
        values[17] = outlier
        _, told = fitted(values)
        assert told == (
            f"column 'a' has a value far from all others, {spelled[1:]} in line 19 (the others are "
            "from 20 to 70): it is clipped; if it stands for a missing value, use --missing"
            f"{spelled}",
        )

    def test_several_outliers_of_one_value_are_told(self):
        values = np.linspace(20.0, 70.0, 200)
        values[::25] = 9999.0
        assert "9999 in line 2 (the others are from 20" in fitted(values)[1][0]

    def test_the_place_of_an_outlier_is_that_of_the_table(self):
        values = np.linspace(0.0, 1.0, 100)
        values[[10, 50]] = 1e9
        _, told = fitted(values, rows=np.arange(99, 30, -1))
        assert "in line 52" in told[0]

    @pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
    def test_heavy_tails_are_no_outliers(self, sigma):
        for seed in range(20):
            values = np.random.default_rng(seed).lognormal(8, sigma, 500)
            assert fitted(values)[1] == ()

    def test_what_is_no_number_is_refused_where_numbers_are_asked_for(self):
        with raises("column 'a', line 3: 'x' is not a number"):
            fitted(texts("1", "x", "3"), numeric="a")
        column, _ = fitted(texts("1", "-", "3"), numeric="a")
        assert column.marks == ("-",)
        with raises("column 'a' holds dates, which are no numbers"):
            fitted(np.array(["2021-01-01", "2021-01-02"], "datetime64[D]"), numeric="a")

    def test_a_decimal_comma_in_other_files(self):
        column, _ = fitted(np.arange(30) / 8, decimal=",")
        assert column.needs_text
        np.testing.assert_array_equal(encoded(column, ["1,5"]), encoded(column, [1.5]))


class TestLabels:
    def test_rare_labels_share_an_input(self):
        labels = [f"t{i}" for i in range(30) for _ in range(2 if i % 2 else 6)]
        column, told = fitted(texts(*labels))
        assert column == Categorical("a", tuple(sorted(f"t{i}" for i in range(0, 30, 2))), True)
        assert told == (
            "column 'a' has 30 different labels: the 15 most frequent have an input each, all "
            "others share one (--drop a leaves the column out)",
        )
        assert column.features[-1] == "a=(other)"
        x = encoded(column, ["t1", "new", "t0"], told=())
        assert x.argmax(axis=1).tolist() == [15, 15, 0]
        assert (x.sum(axis=1) == 1).all()

    def test_the_width_is_limited_and_told(self):
        labels = texts(*(f"t{i % 900}" for i in range(9000)))
        column, told = fitted(labels)
        assert len(column.features) == 65
        assert "900 different labels: the 64 most frequent" in told[0]
        column, told = fitted(texts(*(f"t{i % 60}" for i in range(900))))
        assert told == (
            "column 'a' becomes 60 inputs, one for each label (--drop a leaves it out)",
        )

    def test_missing_and_unknown_labels_have_different_codes(self):
        column, _ = fitted(texts("x", "y", None, "x"))
        x = encoded(column, ["x", None, "z"])
        assert x.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]

    def test_numbers_and_truth_values_are_found_in_any_spelling(self):
        column, _ = fitted(np.arange(9) % 3, categorical="a")
        for values in ([0, 2], [0.0, 2.0], ["0", "2"], ["0.0", "2.00"]):
            assert encoded(column, values).tolist() == [[1, 0, 0], [0, 0, 1]]
        column, _ = fitted(texts(*["0123", "4567"] * 9))
        for values in (["0123", "4567"], [123, 4567], ["123", "4567.0"]):
            assert encoded(column, values, told=()).tolist() == [[1, 0], [0, 1]]
        column, _ = fitted(texts(*["2", "2.50"] * 9), categorical="a")
        assert encoded(column, [2.0, 2.5], told=()).tolist() == [[1, 0], [0, 1]]
        column, _ = fitted(texts(*["True", "False", "maybe"] * 3))
        for values in (["TRUE", "false"], [True, False]):
            assert encoded(column, values, told=()).sum() == 2

    def test_dates_can_be_labels(self):
        days = np.array(["2021-01-01", "2021-01-02", "NaT"] * 3, "datetime64[ns]")
        column, _ = fitted(days, categorical="a")
        assert column.categories == ("2021-01-01", "2021-01-02", None)
        assert encoded(column, ["2021-01-02"]).tolist() == [[0, 1, 0]]

    def test_a_column_of_unknown_labels_is_refused(self):
        column, _ = fitted(texts("x", "y", None, "x"))
        with raises(
            "column 'a': none of its 3 values, such as 'q', is one that the model knows: 'x', 'y'",
            "leave its cells empty",
        ):
            encoded(column, ["r", "q", None, "r"])
        encoded(column, ["q"])
        encoded(column, ["q", "r", "x"])
        encoded(column, [None, None])

    def test_unknown_labels_are_counted_over_all_parts(self):
        column, _ = fitted(texts("x", "y", None, "x"))
        notes = Notes()
        for part in (["q", "q"], ["q", "x"]):
            encode_columns([column], {"a": part}, notes)
        notes.refuse_unknown()
        notes = Notes()
        for part in (["q"], ["r"]):
            encode_columns([column], {"a": part}, notes)
        with raises("none of its 2 values, such as 'q'"):
            notes.refuse_unknown()


class TestBooleans:
    SPELLINGS = (
        ("TRUE", "FALSE"), ("True", "False"), ("true", "false"), ("T", "F"), ("yes", "no"),
        ("Y", "N"), ("on", "OFF"), ("1", "0"), (1, 0), (1.0, 0.0), (True, False),
        (np.True_, np.False_), ("1.0", "0.0"),
    )  # fmt: skip

    @pytest.mark.parametrize("pair", SPELLINGS[:10])
    def test_every_spelling_is_read_whichever_was_trained_on(self, pair):
        values = np.array(pair * 9) if isinstance(pair[0], (int, float)) else texts(*pair * 9)
        column, told = fitted(values)
        assert told == ()
        for yes, no in self.SPELLINGS:
            assert encoded(column, [yes, no, no], told=()).tolist() == [[1], [-1], [-1]]

    def test_missing_and_neither(self):
        column, _ = fitted(texts(*["yes", "no", None] * 9))
        assert column.features == ("a", "a=(missing)")
        assert encoded(column, ["yes", None, "maybe"]).tolist() == [[1, 0], [0, 1], [0, 0]]
        with raises("column 'a': none of its 2 values, such as 'maybe'", "true or false"):
            encoded(column, ["maybe", "maybe"])


class TestDates:
    def test_the_same_days_in_every_form(self):
        days = np.datetime64("2021-01-01") + 3 * np.arange(300)
        column, _ = fitted(days)
        assert column.cycles == ("year", "month", "week")
        assert len(column.features) == 7
        x = encoded(column, days[:9])
        assert np.isfinite(x).all()
        for form in (days[:9].astype("datetime64[ns]"), days[:9].astype(str), days[:9].tolist()):
            np.testing.assert_array_equal(encoded(column, form), x)
        spelled = texts(*(day.strftime("%m/%d/%Y") for day in days.tolist()))
        same, _ = fitted(spelled)
        assert same.scaling == column.scaling
        np.testing.assert_array_equal(encoded(same, spelled[:9]), x)
        np.testing.assert_array_equal(encoded(same, days[:9]), x)

    def test_cycles_close(self):
        column, _ = fitted(np.datetime64("2021-01-01T00", "h") + 7 * np.arange(3000))
        assert column.cycles == ("year", "month", "week", "day")
        x = encoded(column, ["2021-12-31 23:59", "2022-01-01 00:00", "2022-07-02 12:00"])
        assert np.abs(x[0, 1:3] - x[1, 1:3]).max() < 0.03  # of the year
        assert np.abs(x[1, 1:3] - x[2, 1:3]).max() > 1.9
        assert np.abs(x[0, 7:9] - x[1, 7:9]).max() < 0.01  # of the day
        np.testing.assert_allclose(x[1, 5:7], [np.sin(10 * np.pi / 7), np.cos(10 * np.pi / 7)],
                                   rtol=1e-6)  # a Saturday  # fmt: skip

    def test_only_what_varies_becomes_a_feature(self):
        months = np.datetime64("2020-01", "M") + np.arange(40)
        assert fitted(months.astype("datetime64[D]"))[0].cycles == ("year",)
        years = np.datetime64("1980", "Y") + np.arange(40)
        assert fitted(years.astype("datetime64[D]"))[0].features == ("a",)
        times = texts(*(f"{i % 24}:15" for i in range(60)))
        assert fitted(times)[0].cycles == ("day",)

    def test_missing_dates_are_zeros(self):
        days = np.datetime64("2021-01-01") + 3 * np.arange(100)
        days[:5] = np.datetime64("NaT", "D")
        column, _ = fitted(days)
        assert encoded(column, [None])[0].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]

    def test_what_is_no_date_is_refused(self):
        column, _ = fitted(np.datetime64("2021-01-01") + 3 * np.arange(100))
        with raises("column 'a', row 2: '12/31/2021' is not a date with the year first"):
            encoded(column, ["2021-01-01", "12/31/2021"])
        with raises("column 'a', row 1: '2021-02-30' is not a date"):
            encoded(column, ["2021-02-30"])

    def test_a_date_far_from_all_others_is_told(self):
        days = np.datetime64("2021-01-01") + 3 * np.arange(100)
        days[7] = np.datetime64("9999-12-31")
        column, told = fitted(days)
        assert "has a value far from all others, 9999-12-31 in line 9 (the others are from " in (
            told[0] + told[1]
        )
        assert (np.abs(encoded(column, days)) <= 3).all()

    def test_dates_of_one_day_are_left_out(self):
        column, told = fitted(texts("2021-01-01", "1 Jan 2021", "2021-01-01"))
        assert column is None
        assert told == ("column 'a' is left out: it has a single value in the training rows",)

    def test_digits(self):
        column, told = fitted(np.array([20210101, 20210215, 20211231]))
        assert isinstance(column, Calendar)
        assert told == (
            "column 'a' is taken for dates, such as 20210101; if they are numbers, use --numeric a",
        )
        np.testing.assert_array_equal(
            encoded(column, [20210215]), encoded(column, np.array(["2021-02-15"], "datetime64[D]"))
        )


def test_durations():
    column, _ = fitted(np.arange(30) * np.timedelta64(90, "m"))
    assert isinstance(column, Number)
    assert column.scaling.center == 14.5 * 5400
    x = encoded(column, np.array([36, -1], "timedelta64[h]"))
    for day in ("36:00:00", "1 day 12:00", "P1DT12H"):
        for hour in ("-1:00:00", "-1 days +23:00:00", "-PT1H"):
            np.testing.assert_array_equal(encoded(column, [day, hour]), x)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": 0}, "'center' 7.0 and 'width' 0 cannot standardize"),
        ({"decimal": ";"}, "no numbers are written with 'decimal' ';' and 'grouping' ''"),
        ({"marks": [1]}, "'marks' are [1], expected text"),
        ({"missing": 1}, "'missing' is 1, expected true or false"),
        ({"kind": "date"}, "key 'order' is missing"),
        (
            {"kind": "date", "order": "odd", "cycles": []},
            "order of dates 'odd'",
        ),
        ({"kind": "date", "order": "digits", "cycles": ["moon"]}, "cycle 'moon'"),
        ({"kind": "categorical", "categories": ["x"], "other": 1}, "'other' is 1"),
    ],
)
def test_a_damaged_column_is_named(change, words):
    stored = Number("a", fitted(np.arange(15.0) / 1 * 1.0)[0].scaling).to_dict() | change
    with raises("here ('a')", words):
        read_column(stored, "here")


@pytest.mark.parametrize(
    ("code", "others", "told"),
    [
        (-999, np.arange(20, 60), "use --missing=-999"),
        (-99.0, np.arange(40) / 8, "use --missing=-99"),
        (999, np.arange(20, 60), "use --missing 999"),
        (8888, np.arange(-20, 20), "use --missing 8888"),
        (-1, np.arange(20, 60), ""),
        (99, np.arange(20, 60), ""),
        (-99, np.arange(-20, 20), ""),
        (999, np.arange(800, 840), ""),
    ],
)
def test_codes_for_missing_values_that_come_often(code, others, told):
    values = np.concatenate([others, np.full(10, code)])
    _, notes = fitted(values)
    if told:
        assert f"{code:.12g} in line 42 (the others are from {others.min():g} to" in notes[0]
    assert (told in " ".join(notes)) if told else not notes
    _, cleaned = fitted(np.where(values == code, np.nan, values))
    assert "far from" not in " ".join(cleaned)


def test_each_outlier_is_told_by_line_and_value():
    columns = {f"c{k}": np.append(np.arange(40) % 7 / 2, 10.0 ** (k + 5)) for k in range(8)}
    table = Table(columns, lines=np.arange(2, 43))
    notes = Notes()
    fit_columns(table, np.arange(41), ColumnOptions(), notes)
    assert len(notes.sentences()) == 8
    assert all("in line 42" in sentence for sentence in notes.sentences())
