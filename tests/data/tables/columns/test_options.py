import pytest
from _errors import raises

from bpnet.data.tables.columns.options import ColumnOptions


def test_one_name_and_names_given_twice():
    options = ColumnOptions(drop="id", categorical=["zip", "zip"], numeric=iter(["age"]))
    assert (options.drop, options.categorical, options.numeric) == (("id",), ("zip",), ("age",))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"drop": ["a"], "features": ["a", "b"]}, "'a' is given both as drop and as features"),
        ({"drop": "a", "numeric": "a"}, "'a' is given both as drop and as numeric"),
        ({"categorical": "a", "numeric": "a"}, "both as categorical and as numeric"),
        ({"text": "a", "numeric": "a"}, "'a' is given both as text and as numeric"),
        ({"features": "b", "numeric": "a"}, "'a' is given as numeric, but not among the features"),
        ({"decimal": ";"}, "decimal is ';', expected '.' or ','"),
    ],
)
def test_contradictions(given, words):
    with raises(words):
        ColumnOptions(**given)


def test_names_are_text():
    with pytest.raises(TypeError, match="must be a string, not 3"):
        ColumnOptions(drop=[3])


@pytest.mark.parametrize("option", ["drop", "features", "categorical", "numeric", "text"])
def test_an_unknown_column_is_named_with_the_one_that_was_meant(option):
    with raises(f"{option}: no column 'aeg', did you mean 'age'?"):
        ColumnOptions(**{option: "aeg"}).check_columns(["age", "sex"])


def test_the_target_is_no_feature():
    for option in ("drop", "features"):
        with raises(f"{option}: column 'y' is the target"):
            ColumnOptions(**{option: "y"}).check_columns(["age"], ["y"])
    ColumnOptions(categorical="y").check_columns(["age"], ["y"])


def test_what_is_left_out():
    options = ColumnOptions(drop="id")
    assert options.is_left_out("id")
    assert not options.is_left_out("age")
    options = ColumnOptions(features="age")
    assert options.is_left_out("id")
    assert not options.is_left_out("age")
