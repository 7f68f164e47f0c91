"""Class labels that are text, in whatever holds them."""

import numpy as np
import pytest

from bpnet.data.labels import check_classes, class_indices, found_classes, text_labels

WORDS = ["dog", "cat", "dog"]


def columns():
    """The same labels as the libraries hold them."""
    yield "list", WORDS
    yield "tuple", tuple(WORDS)
    yield "NumPy's text", np.array(WORDS)
    yield "entries of NumPy's text", list(np.array(WORDS))
    yield "objects", np.array(WORDS, object)
    yield "StringDType", np.array(WORDS, np.dtypes.StringDType())
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    yield "pandas", pd.Series(WORDS)
    yield "pandas objects", pd.Series(WORDS, dtype=object)
    yield "pandas string", pd.Series(WORDS, dtype="string")
    yield "pandas categories", pd.Series(WORDS, dtype="category")
    yield "pandas Index", pd.Index(WORDS)
    pl = pytest.importorskip("polars", reason="polars is not installed")
    yield "polars", pl.Series(WORDS)
    yield "polars categories", pl.Series(WORDS, dtype=pl.Categorical)
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    yield "Arrow", pa.array(WORDS)
    yield "Arrow in chunks", pa.chunked_array([WORDS[:1], WORDS[1:]])
    yield "Arrow dictionary", pa.array(WORDS).dictionary_encode()


def test_text_in_whatever_holds_it():
    for what, labels in columns():
        found = text_labels(labels)
        assert found.dtype == object, what
        assert [type(one) for one in found] == [str] * 3, what
        assert found.tolist() == WORDS, what


@pytest.mark.parametrize(
    "y",
    [
        None,
        [],
        "species",
        b"cat",
        [0, 1],
        [True, False],
        [0.5],
        [[0, 1]],
        [b"cat"],
        {"a": "cat"},
        {"cat"},
        np.array([0, 1]),
        np.array([0, 1], object),
        np.array([["a", "b"]]),
        np.array("cat"),
        np.array([["cat"], ["dog"]]).reshape(2, 1, 1),
        np.array([], str),
    ],
    ids=repr,
)
def test_anything_else_is_left_to_others(y):
    assert text_labels(y) is None


def test_masked_labels_are_left_to_others():
    assert text_labels(np.ma.masked_array(["cat", "dog"], [False, True])) is None


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (["cat", None], TypeError, "y has a missing value: row 1 is None"),
        ([float("nan"), "cat"], TypeError, "y has a missing value: row 0 is nan"),
        (["cat", 3], TypeError, "y is 3 in row 1, and text in others"),
        ([True, "cat"], TypeError, "y is True in row 0, and text in others"),
        (["cat", ["dog"]], TypeError, r"y is \['dog'\] in row 1, and text in others"),
        (np.array([["cat"], ["dog"]]), ValueError, r"y has the shape \(2, 1\).*numpy.ravel\(y\)"),
    ],
)
def test_what_is_wrong_with_labels_is_told_with_the_row(y, error, words):
    with pytest.raises(error, match=words):
        text_labels(y)


def test_missing_labels_of_the_libraries():
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    pl = pytest.importorskip("polars", reason="polars is not installed")
    for y in (pd.Series(["cat", None]), pd.Series(["cat", None], dtype="string"),
              pd.Series(["cat", None], dtype="category"), pl.Series(["cat", None])):  # fmt: skip
        with pytest.raises(TypeError, match="y has a missing value: row 1 is"):
            text_labels(y)


def test_classes_are_found_in_order():
    labels = text_labels(["b", "a", "10", "9", "B", "b"])
    assert found_classes(labels, 5, 5) == ["10", "9", "B", "a", "b"]


@pytest.mark.parametrize(
    ("number", "outputs", "words"),
    [
        (3, 3, "2 different labels, 'cat', 'dog', but the network's 3 outputs are for 3 classes: "
         "give the output layer 2 neurons, or name all classes before: net.classes"),
    ],
)  # fmt: skip
def test_too_few_labels(number, outputs, words):
    with pytest.raises(ValueError, match=words):
        found_classes(text_labels(WORDS), number, outputs)


def test_too_many_labels_and_a_single_one():
    words = "y has 3 different labels, 'a', 'b', 'c', but the network's 1 output is for 2 classes"
    with pytest.raises(ValueError, match=f"{words}: give the output layer 3 neurons"):
        found_classes(text_labels(["a", "b", "c"]), 2, 1)
    with pytest.raises(ValueError, match=r"1 different label, 'a', .*: name all classes before"):
        found_classes(text_labels(["a", "a"]), 2, 2)


def test_indices_of_labels():
    found = class_indices(text_labels(WORDS), ["cat", "cow", "dog"])
    assert found.dtype == np.int64
    assert found.tolist() == [2, 0, 2]
    assert class_indices(text_labels(["3", "8"]), [3, 8]).tolist() == [0, 1]


def test_a_label_that_is_not_known_is_named_with_its_row_and_those_known():
    words = r"^row 2 of y: no class 'dgo', did you mean 'dog'\? there are 'cat', 'dog'\."
    with pytest.raises(ValueError, match=words):
        class_indices(text_labels(["dog", "cat", "dgo"]), ["cat", "dog"])


@pytest.mark.parametrize(
    ("classes", "error", "words"),
    [
        ("ab", TypeError, "classes must be a list of labels that are text, not 'ab'"),
        ({"a", "b"}, TypeError, "classes must be a list"),
        (3, TypeError, "classes must be a list of labels that are text, not 3"),
        (["a", 1], TypeError, r"classes\[1\] must be text, not 1"),
        (["a", "a"], ValueError, r"classes\[1\] is 'a', as classes\[0\]"),
        (["a"], ValueError, "1 label, 'a', but the network has outputs for 2 classes"),
        (["a", "b", "c"], ValueError, "3 labels, 'a', 'b', 'c', but the network has outputs for 2"),
    ],
)
def test_names_of_classes_that_do_not_fit(classes, error, words):
    with pytest.raises(error, match=words):
        check_classes(classes, 2)
    assert check_classes(np.array(["a", "b"]), 2) == ("a", "b")
