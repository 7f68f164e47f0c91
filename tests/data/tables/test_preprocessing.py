import csv
import json
import re
import warnings
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from _errors import raises
from hypothesis import given
from hypothesis import strategies as st

from bpnet.cli import main
from bpnet.data import Preprocessing
from bpnet.data.tables.columns.categorical import Categorical
from bpnet.data.tables.columns.decision import Decision, Kind
from bpnet.data.tables.columns.number_spelling import PLAIN, NumberSpelling
from bpnet.data.tables.columns.standardized import Standardized as Numeric
from bpnet.data.tables.reading.options import ReadOptions
from bpnet.data.tables.target_encoders import (
    ClassTarget,
    LabelColumns,
    LabelSets,
    NumberTargets,
)

REGRESSION = Preprocessing(
    columns=(Numeric("age", 40.0, 10.0), Categorical("city", ("Bonn", "Rome", None))),
    goal=NumberTargets(("income",), (3.0,), (0.5,), (PLAIN,)),
    ignored=("id",),
    decisions=(Decision("id", "left out", "its texts all differ", "--features id", True),),
)
CLASSES = Preprocessing((Numeric("age", 0.0, 1.0),), ClassTarget("kind", ("cat", "dog")))
NUMBERS = Preprocessing((Numeric("age", 0.0, 1.0),), ClassTarget("stars", (1, 2, 5)))


def warns(*words):
    return pytest.warns(UserWarning, match=".*".join(map(re.escape, words)))


def test_features_and_task():
    assert REGRESSION.features == ("age", "city=Bonn", "city=Rome", "city=(missing)")
    assert REGRESSION.task == "regression"
    assert CLASSES.task == "classification"
    assert REGRESSION.text_columns == ("city",)
    assert CLASSES.text_columns == ("kind",)
    assert NUMBERS.text_columns == ()


@pytest.mark.parametrize(
    "table",
    [
        {"age": [50, 35], "city": ["Rome", "Bonn"]},
        {"age": ["50", " 35.0 "], "city": ["Rome ", "Bonn"]},
        {"city": np.array(["Rome", "Bonn"]), "age": np.array([50, 35], np.uint8), "income": [1, 2]},
        {"": [0, 1], "id": ["a", "b"], "age": [50.0, 35.0], "city": ["Rome", "Bonn"]},
    ],
)
def test_transform(table):
    x = REGRESSION.transform(table)
    assert x.dtype == np.float32
    assert x.flags.c_contiguous
    np.testing.assert_array_equal(x, [[1, 0, 1, 0], [-0.5, 1, 0, 0]])


def test_transform_takes_a_data_frame():
    pandas = pytest.importorskip("pandas", reason="a data frame needs pandas")
    frame = pandas.DataFrame({"age": [50, 35], "city": pandas.array(["Rome", "Bonn"])})
    np.testing.assert_array_equal(REGRESSION.transform(frame), [[1, 0, 1, 0], [-0.5, 1, 0, 0]])
    frame = pandas.DataFrame({"age": [50, 35], "city": ["Rome", pandas.NA]})
    with warns("column 'city' has 1 missing value"):
        assert REGRESSION.transform(frame)[1].tolist() == [-0.5, 0, 0, 1]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames(library):
    package = pytest.importorskip(library, reason=f"a frame of {library}")
    make = package.table if library == "pyarrow" else package.DataFrame
    frame = make({"age": [50, 35], "city": ["Rome", "Bonn"], "income": [4.0, 2.5]})
    np.testing.assert_array_equal(REGRESSION.transform(frame), [[1, 0, 1, 0], [-0.5, 1, 0, 0]])
    assert REGRESSION.transform_target(frame).tolist() == [[2], [-1]]


def test_transform_changes_nothing_of_the_users():
    ages = np.array([50.0, np.nan])
    with warns("column 'age' has 1 missing value, filled with the training mean 40"):
        x = REGRESSION.transform({"age": ages, "city": ["Rome", "Bonn"]})
    assert x[:, 0].tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(ages, [50.0, np.nan])


@pytest.mark.parametrize("missing", [None, "", "NA", "?", float("nan")])
def test_missing_values(missing):
    with warns("column 'age' has 2 missing values, filled with the training mean 40"):
        x = REGRESSION.transform({"age": [missing, 50, missing], "city": ["Rome"] * 3})
    assert x[:, 0].tolist() == [0, 1, 0]
    with warns("column 'city' has 1 missing value, kept as a category of their own"):
        x = REGRESSION.transform({"age": [40], "city": np.array([missing], dtype=object)})
    assert x.tolist() == [[0, 0, 0, 1]]


def test_missing_labels_that_training_never_saw_are_all_zeros():
    prep = Preprocessing((Categorical("city", ("Bonn", "Rome")),), ClassTarget("y", (0, 1)))
    with warns("column 'city' has 1 missing value, encoded as all zeros"):
        assert prep.transform({"city": ["Rome", ""]}).tolist() == [[0, 1], [0, 0]]


def test_unseen_categories_are_all_zeros():
    with warns("column 'city' has categories", "all zeros: 'Oslo', 'Wien'"):
        x = REGRESSION.transform({"age": [40] * 3, "city": ["Wien", "Rome", "Oslo"]})
    assert x[:, 1:].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_labels_that_look_like_numbers_are_found_as_numbers():
    prep = Preprocessing((Categorical("zip", ("1", "2")),), ClassTarget("y", (0, 1)))
    for values in (["1", "2"], [1, 2], [1.0, 2.0]):
        assert prep.transform({"zip": values}).tolist() == [[1, 0], [0, 1]]


def test_columns_that_are_not_used_are_told():
    with warns("column 'shoe' is not used by this model"):
        REGRESSION.transform({"age": [40], "city": ["Rome"], "shoe": [44]})
    many = {f"extra{i}": [0] for i in range(12)}
    with warns("12 columns are not used by this model: 'extra0'", "and 2 more"):
        REGRESSION.transform({"age": [40], "city": ["Rome"], **many})


def test_a_missing_feature():
    with raises("no column 'age', did you mean 'Age'?", "'Age', 'city'"):
        REGRESSION.transform({"Age": [40], "city": ["Rome"]})
    with raises("no column 'city'; there are 'age', 'x'"):
        REGRESSION.transform({"age": [40], "x": [1]})


def test_columns_of_different_shapes():
    with raises("column 'city' has 2 rows, 'age' has 1"):
        REGRESSION.transform({"age": [40], "city": ["Rome", "Bonn"]})
    with raises("no column 'age'; there are 'city'"):
        REGRESSION.transform({"age": [[40]], "city": ["Rome"]})


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ([40, "old"], "column 'age', row 2: 'old' is not a number"),
        ([40, "1_000"], "column 'age', row 2: '1_000' is not a number"),
        ([float("inf"), 40], "column 'age', row 1: inf is not a finite number"),
        (
            ["40", "-Infinity"],
            "column 'age', row 2: -inf is not a finite number; if it stands for a missing value, "
            "leave the cell empty, or train with --missing=-inf (missing=['-inf'] in Python)",
        ),
        ([40, 1e300], "column 'age', row 2: 1e+300 is too far from the training mean 40"),
    ],
)
def test_cells_that_are_no_numbers(ages, words):
    with raises(words):
        REGRESSION.transform({"age": ages, "city": ["Rome", "Rome"]})


def test_targets_there_and_back():
    y = REGRESSION.transform_target([2.5, "4"])
    assert y.dtype == np.float32
    assert y.tolist() == [[-1.0], [2.0]]
    assert REGRESSION.inverse_target(y).tolist() == [[2.5], [4.0]]
    assert REGRESSION.inverse_target(y).dtype == np.float64
    assert REGRESSION.inverse_target([0.0, 2.0]).tolist() == [3.0, 4.0]
    for prep, labels in ((CLASSES, ["dog", "cat", "dog"]), (NUMBERS, [5, 1, 2])):
        codes = prep.transform_target(labels)
        assert codes.dtype == np.int64
        assert prep.inverse_target(codes).tolist() == labels
    assert NUMBERS.transform_target(["5", 1.0]).tolist() == [2, 0]


def test_targets_that_cannot_be():
    with raises("column 'kind', row 2: 'cow', expected one of 'cat', 'dog'"):
        CLASSES.transform_target(["cat", "cow"])
    with raises("column 'kind', row 1: no value, expected one of 'cat', 'dog'"):
        CLASSES.transform_target(["", "cat"])
    with raises("column 'stars', row 2: 3, expected one of 1, 2, 5"):
        NUMBERS.transform_target([1, 3])
    with raises("column 'income', row 1: no value, expected a number"):
        REGRESSION.transform_target([None, 1])
    with raises("column 'income', row 1: 1e+300, expected a number that fits in float32"):
        REGRESSION.transform_target([1e300])
    with raises("class indices are integers, these are float64"):
        CLASSES.inverse_target([0.5])
    with raises("no class index 2: there are 2 classes"):
        CLASSES.inverse_target([0, 2])
    with raises("no class index -1: there are 2 classes"):
        CLASSES.inverse_target([-1])


names = st.text(max_size=5)
reals = st.floats(allow_nan=False, allow_infinity=False)
scales = st.floats(min_value=1e-300, allow_infinity=False)
columns = st.one_of(
    st.builds(Numeric, names, reals, scales),
    st.builds(Categorical, names, st.lists(st.none() | names, unique=True).map(tuple)),
)
labels = st.one_of(
    *(st.lists(kind, min_size=1, unique=True).map(tuple) for kind in (names, st.integers()))
)
pairs = st.one_of(
    *(
        st.lists(kind, min_size=2, max_size=2, unique=True).map(tuple)
        for kind in (names, st.integers())
    )
)
spellings = st.sampled_from([PLAIN, NumberSpelling(",", "."), NumberSpelling(".", ",", ("$", "%"))])
numbers = st.lists(
    st.tuples(names, reals, scales, spellings), min_size=1, unique_by=lambda one: one[0]
)
two_valued = st.lists(st.tuples(names, pairs), min_size=1, unique_by=lambda one: one[0])
goals = st.one_of(
    st.builds(ClassTarget, names, labels),
    numbers.map(lambda found: NumberTargets(*zip(*found, strict=True))),
    two_valued.map(lambda found: LabelColumns(*zip(*found, strict=True))),
    st.builds(
        LabelSets,
        names,
        st.lists(names, min_size=1, unique=True).map(tuple),
        st.sampled_from("|;,"),
    ),
)
decisions = st.builds(Decision, names, st.sampled_from(get_args(Kind)), names, names, st.booleans())


@given(
    st.builds(
        Preprocessing,
        st.lists(columns).map(tuple),
        goals,
        st.lists(names).map(tuple),
        st.lists(decisions, max_size=3).map(tuple),
        st.builds(
            ReadOptions,
            st.none() | st.booleans(),
            st.sampled_from([None, "\t", ";"]),
            st.sampled_from([None, ".", ","]),
            st.sampled_from([None, "utf-8", "latin-1"]),
            st.lists(st.sampled_from(["-", "-999"]), max_size=2, unique=True),
        ),
    )
)
def test_json_there_and_back(prep):
    stored = json.dumps(prep.to_dict(), allow_nan=False)
    assert json.loads(stored)["schema_version"] == 2
    assert Preprocessing.from_dict(json.loads(stored)) == prep


def test_a_newer_schema_is_told_with_both_versions():
    with raises("schema_version 3, this version of bpnet reads 1 to 2: update bpnet"):
        Preprocessing.from_dict({**REGRESSION.to_dict(), "schema_version": 3})
    with raises("schema_version 0, this version of bpnet reads 1 to 2"):
        Preprocessing.from_dict({**REGRESSION.to_dict(), "schema_version": 0})


FIRST_SCHEMA = {
    "schema_version": 1,
    "columns": [{"kind": "numeric", "name": "age", "mean": 40.0, "scale": 10.0}],
    "target": "income",
    "classes": None,
    "target_mean": 3.0,
    "target_scale": 0.5,
    "ignored": ["id"],
}


def test_the_first_schema_is_read():
    numbers = Preprocessing.from_dict(FIRST_SCHEMA)
    assert numbers.goal == NumberTargets(("income",), (3.0,), (0.5,), (PLAIN,))
    assert (numbers.columns, numbers.ignored) == ((Numeric("age", 40.0, 10.0),), ("id",))
    classes = Preprocessing.from_dict({**FIRST_SCHEMA, "target": "kind", "classes": ["a", "b"]})
    assert classes.goal == ClassTarget("kind", ("a", "b"))


INCOME = REGRESSION.to_dict()["target"]["columns"][0]
FILES = Path(__file__).parent / "version_1"


@pytest.mark.parametrize("name", ["kind", "price"])
def test_a_model_of_the_first_schema_predicts_as_before(name, capsys):
    """Model files and predictions of the last version that wrote the first schema."""
    assert main(["predict", str(FILES / f"{name}.safetensors"), str(FILES / "new.csv")]) == 0
    said = list(csv.reader(capsys.readouterr().out.splitlines()))
    with (FILES / f"{name}.csv").open() as file:
        expected = list(csv.reader(file))
    assert said[0] == expected[0]
    for row, before in zip(said[1:], expected[1:], strict=True):
        for cell, one in zip(row, before, strict=True):
            assert cell == one or float(cell) == pytest.approx(float(one), rel=1e-5)


@pytest.mark.parametrize("key", sorted(FIRST_SCHEMA))
def test_a_missing_key_of_the_first_schema_is_named(key):
    data = dict(FIRST_SCHEMA)
    del data[key]
    with raises(f"preprocessing: key {key!r} is missing"):
        Preprocessing.from_dict(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": None}, "'target' is None, expected str"),
        ({"classes": "ab"}, "'classes' is 'ab', expected list or NoneType"),
        ({"classes": []}, "'classes' are [], expected different labels"),
        ({"classes": ["a", 1]}, "'classes' are ['a', 1], expected different labels"),
        ({"target_mean": "0"}, "'target_mean' is '0', expected int or float"),
        ({"target_mean": float("nan")}, "'target_mean' nan and 'target_scale' 0.5 cannot"),
        ({"target_scale": 0}, "'target_mean' 3.0 and 'target_scale' 0 cannot"),
        ({"target_scale": 10**400}, "'target_mean' 3.0 and 'target_scale' 1000"),
    ],
)
def test_a_damaged_entry_of_the_first_schema_is_named(change, words):
    with raises("preprocessing", words):
        Preprocessing.from_dict({**FIRST_SCHEMA, **change})


@pytest.mark.parametrize("key", sorted(REGRESSION.to_dict()))
def test_a_missing_key_is_named(key):
    data = REGRESSION.to_dict()
    del data[key]
    with raises(f"preprocessing: key {key!r} is missing"):
        Preprocessing.from_dict(data)


@pytest.mark.parametrize("key", ["kind", "name", "mean", "scale"])
def test_a_missing_key_of_a_column_is_named(key):
    data = REGRESSION.to_dict()
    del data["columns"][0][key]
    with raises("preprocessing, column 1", f"key {key!r} is missing"):
        Preprocessing.from_dict(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": "1"}, "'schema_version' is '1', expected int"),
        ({"schema_version": True}, "'schema_version' is True, expected int"),
        ({"columns": {}}, "'columns' is {}, expected list"),
        ({"columns": ["age"]}, "column 1 is 'age', expected a dictionary"),
        ({"target": None}, "'target' is None, expected Mapping"),
        ({"target": {"kind": "odd"}}, "target: 'kind' is 'odd', expected 'classes', 'numbers'"),
        *(
            ({"target": {"kind": "classes", "name": "y", "classes": found}}, words)
            for found, words in (
                ("ab", "target: 'classes' is 'ab', expected list"),
                ([], "'classes' are [], expected different labels"),
                (["a", 1], "'classes' are ['a', 1], expected different labels"),
                (["a", "a"], "'classes' are ['a', 'a'], expected different labels"),
                ([True, False], "'classes' are [True, False], expected different labels"),
            )
        ),
        *(
            ({"target": {"kind": "numbers", "columns": found}}, words)
            for found, words in (
                ([], "target: 'columns' is [], expected a column or more"),
                ([3], "target, column 1 is 3, expected a dictionary"),
                ([{"name": "y", "mean": "0", "scale": 1}], "'mean' is '0', expected int or float"),
                ([{"name": "y", "mean": 0, "scale": 0}], "'mean' 0 and 'scale' 0 cannot"),
                ([{**INCOME, "name": "y"}] * 2, "'y', 'y', expected different names"),
                ([{**INCOME, "decimal": "x"}], "'decimal' 'x' and 'grouping' '' spell no numbers"),
                ([{**INCOME, "grouping": "."}], "'decimal' '.' and 'grouping' '.' spell no"),
                ([{**INCOME, "signs": 3}], "'signs' is 3, expected list"),
                ([{**INCOME, "grouping": 3}], "'grouping' is 3, expected str"),
            )
        ),
        *(
            ({"target": {"kind": "label columns", "columns": [{"name": "y", **found}]}}, words)
            for found, words in (
                ({}, "column 1: key 'values' is missing"),
                ({"values": [1]}, "'values' are [1], expected two"),
                ({"values": [1, 1]}, "'values' are [1, 1], expected different labels"),
            )
        ),
        *(
            ({"target": {"kind": "label sets", "name": "y", **found}}, words)
            for found, words in (
                ({"labels": ["a"]}, "target: key 'separator' is missing"),
                ({"labels": ["a"], "separator": ""}, "'separator' is '', expected a character"),
                ({"labels": [1], "separator": "|"}, "'labels' are [1], expected text"),
            )
        ),
        ({"reading": 3}, "'reading' is 3, expected Mapping"),
        ({"reading": {"decimal": "x"}}, "reading: unknown decimal"),
        ({"reading": {"odd": 1}}, "reading is {'odd': 1}, expected"),
        ({"decisions": [3]}, "decision 1 is 3, expected a dictionary"),
        ({"decisions": [{"column": "a"}]}, "decision 1: key 'kind' is missing"),
        (
            {"decisions": [{**REGRESSION.decisions[0].to_dict(), "kind": "odd"}]},
            "'kind' is 'odd', expected one of 'number', 'category'",
        ),
        (
            {"decisions": [{**REGRESSION.decisions[0].to_dict(), "guess": 1}]},
            "'guess' is 1, expected true or false",
        ),
        ({"ignored": [1]}, "'ignored' is [1], expected names of columns"),
    ],
)
def test_a_damaged_entry_is_named_with_its_value(change, words):
    with raises("preprocessing", words):
        Preprocessing.from_dict({**REGRESSION.to_dict(), **change})


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"kind": "odd", "name": "a"}, "'kind' is 'odd', expected one of 'number'"),
        ({"kind": "numeric", "name": "a", "mean": 0, "scale": -1}, "'mean' 0 and 'scale' -1"),
        ({"kind": "categorical", "name": "a", "categories": [1]}, "'categories' are [1]"),
    ],
)
def test_a_damaged_column_is_named_with_its_value(column, words):
    with raises("preprocessing, column 1 ('a')", words):
        Preprocessing.from_dict({**REGRESSION.to_dict(), "columns": [column]})


def test_damage_of_the_whole():
    with raises("preprocessing is [], expected a dictionary"):
        Preprocessing.from_dict([])


def test_a_clean_table_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        REGRESSION.transform({"age": [40], "city": ["Rome"], "income": [1.0], "id": ["a"]})


def test_names_may_have_blanks_and_rows_are_counted_over_parts():
    x = REGRESSION.transform({" age ": [40], "city ": ["Rome"]})
    np.testing.assert_array_equal(x, REGRESSION.transform({"age": [40], "city": ["Rome"]}))
    parts = [{"age": [40, 41], "city": ["Rome", "Rome"]}, {"age": ["old"], "city": ["Rome"]}]
    with raises("column 'age', row 3: 'old' is not a number"):
        list(REGRESSION.transform_parts(parts))
