import json
import shlex

import numpy as np
import pytest
from _errors import raises

from bpnet.data import Preprocessing, load_table
from bpnet.data.tables.table import Table

N = 60
RANDOM = np.random.default_rng(0)
FEATURE = RANDOM.normal(size=N)


def table(**columns):
    found = {"a": FEATURE}
    for name, cells in columns.items():
        values = [cells(i) for i in range(N)] if callable(cells) else cells
        kind = object if any(isinstance(one, str) for one in values) else None
        found[name] = np.array(values, kind)
    return Table(found)


def loaded(task=None, **columns):
    return load_table(table(**columns), [*columns], task=task)


def told(data, word):
    return [note for note in data.notes if word in note]


def own_terms(data):
    y = np.concatenate([part[1] for part in (data.train, data.validation, data.test)])
    return data.preprocessing.inverse_target(y)


class TestNumbers:
    @pytest.mark.parametrize(
        ("spelled", "number", "shown"),
        [
            (lambda i: f"{1000 + 17 * i:,}", lambda i: 1000 + 17 * i, "'1,000', read as 1000"),
            (lambda i: f"${i * 1.25:.2f}", lambda i: i * 1.25, "'$0.00', read as 0"),
            (lambda i: f"{i / 8}%", lambda i: i / 8, "'0.0%', read as 0"),
            (lambda i: f"{i},5", lambda i: i + 0.5, "'0,5', read as 0.5"),
            (lambda i: f"1.{i:03},5", lambda i: 1000.5 + i, "'1.000,5', read as 1000.5"),
        ],
    )
    def test_spelled_as_people_do(self, spelled, number, shown):
        data = loaded(y=spelled)
        assert data.task == "regression"
        (note,) = told(data, "read as")
        assert note.startswith(f"target 'y' holds numbers such as {shown}")
        ambiguous = "1,000" in shown  # it may be 1.000, with a decimal comma
        assert ("use decimal=',' or --decimal , if that is no 1000" in note) is ambiguous
        expected = sorted(number(i) for i in range(N))
        np.testing.assert_allclose(sorted(own_terms(data)[:, 0]), expected, rtol=1e-4, atol=1e-4)
        stored = Preprocessing.from_dict(json.loads(json.dumps(data.preprocessing.to_dict())))
        assert stored == data.preprocessing
        y = stored.transform_target([spelled(3)])
        assert data.preprocessing.inverse_target(y)[0, 0] == pytest.approx(number(3), rel=1e-4)

    def test_a_few_of_them(self):
        data = loaded(y=lambda i: "1,100" if i == 9 else f"{i * 3.5:.1f}")
        assert data.task == "regression"
        assert told(data, "'1,100', read as 1100")

    @pytest.mark.parametrize("cell", ["n.a.", "not measured", "12 apples", "-", "#REF!"])
    def test_a_word_among_numbers_is_refused_with_its_place(self, tmp_path, cell):
        path = tmp_path / "t.csv"
        rows = [f"{i},{cell if i == 37 else i / 7:}" for i in range(N)]
        path.write_text("\n".join(["a,y", *rows]))
        with raises(
            f"{path}: column 'y', ",
            f"{cell!r} is not a number, but 59 of 60 targets are; use missing=[{cell!r}] or "
            f"--missing={shlex.quote(cell)} if it marks a missing value, task='classification' or "
            "--task classification if the targets are labels",
        ):
            load_table(path, "y")
        assert load_table(path, "y", task="classification").task == "classification"

    def test_several_words_among_numbers(self):
        words = {5: "low", 9: "high", 30: "low", 31: "?!"}
        with raises("row 6: 'low' is not a number (nor are 2 other texts), but 56 of 60"):
            loaded(y=lambda i: words.get(i, f"{i / 7}"))
        with raises("row 6: 'low' is not a number (nor are 2 other texts), but 56 of 60"):
            loaded(task="regression", y=lambda i: words.get(i, f"{i / 7}"))

    def test_ratings_with_a_word_are_classes(self):
        data = loaded(y=lambda i: "other" if i % 9 == 0 else str(i % 3))
        assert data.classes == ("0", "1", "2", "other")
        assert data.notes == (
            "target 'y' holds numbers and, in 7 rows, text such as 'other', which is a class too; "
            "use missing=['other'] or --missing=other if it marks a missing value",
        )
        assert told(loaded(y=lambda i: "n.a." if i == 4 else str(i % 2)), "in 1 row, text such as")
        with raises("row 1: 'other' is not a number, but 53 of 60 targets are"):
            loaded(y=lambda i: "other" if i % 9 == 0 else str(i % 3 / 2))

    def test_an_infinite_number(self):
        with raises("column 'y', row 8: inf is not a finite number"):
            loaded(y=lambda i: np.inf if i == 7 else i / 3)
        with raises(
            "row 8: -inf is not a finite number; use missing=['-inf'] or --missing=-inf if"
        ):
            loaded(y=lambda i: -np.inf if i == 7 else float(i % 2))
        with raises("column 'y', row 8: 'inf' is not a number"):
            loaded(y=lambda i: "inf" if i == 7 else f"{i},5")

    def test_an_outlier_is_told_with_its_place(self):
        data = loaded(y=lambda i: 999999.0 if i == 11 else i / 7)
        (note,) = told(data, "far from all others")
        assert note.startswith("target 'y' is 999999 in row 12, far from all others")
        assert "missing=['999999'] or --missing=999999" in note
        assert not told(loaded(y=lambda i: float(np.exp(i / 10))), "far from")

    def test_tiny_numbers(self):
        data = loaded(y=lambda i: i * 1e-300)
        assert np.std(data.train[1]) == pytest.approx(1, rel=1e-5)

    def test_durations_count_in_seconds(self):
        y = np.arange(N).astype("timedelta64[m]")
        data = load_table(Table({"a": FEATURE, "y": y}), "y")
        assert told(data, "seconds")
        np.testing.assert_allclose(
            sorted(own_terms(data)[:, 0]), 60.0 * np.arange(N), rtol=1e-4, atol=1e-2
        )

    def test_dates_are_no_target(self):
        y = np.arange(N).astype("datetime64[D]")
        with raises("target 'y' holds dates or times, expected classes or numbers"):
            load_table(Table({"a": FEATURE, "y": y}), "y")
        with raises("target 'y' holds dates or times, expected classes or numbers"):
            loaded(y=lambda i: f"{1 + i % 28}/{1 + i // 28}/2021")


class TestClasses:
    @pytest.mark.parametrize(
        ("pair", "classes", "kind"),
        [
            ((0.0, 1.0), (0, 1), "numbers"),
            ((0, 1), (0, 1), "integers"),
            ((1, 2), (1, 2), "integers"),
            ((-1.0, 1.0), (-1, 1), "numbers"),
            ((0.5, 1.5), ("0.5", "1.5"), "numbers"),
            ((2.5e9, 3.5e9), (2_500_000_000, 3_500_000_000), "numbers"),
        ],
    )
    def test_two_numbers_are_classes_and_told(self, pair, classes, kind):
        data = loaded(y=lambda i: pair[i % 2])
        assert data.classes == classes
        assert data.notes == (
            f"target 'y' has 2 different {kind}, treated as labels; use task='regression' or "
            "--task regression if they are not",
        )
        assert loaded(task="regression", y=lambda i: pair[i % 2]).task == "regression"
        codes = data.preprocessing.transform_target(np.array([*pair, *map(str, pair)]))
        assert codes.tolist() == [0, 1, 0, 1]

    @pytest.mark.parametrize(
        "pair", [("no", "yes"), ("N", "Y"), ("FALSE", "TRUE"), ("f", "t"), ("cat", "dog")]
    )
    def test_two_texts_are_classes(self, pair):
        data = loaded(y=lambda i: pair[i % 2])
        assert (data.classes, data.notes) == (pair, ())

    def test_one_truth_in_several_spellings(self):
        spelled = ["True", "FALSE", "true", "False", "True", "False"]
        data = loaded(y=lambda i: spelled[i % 6])
        assert data.classes == ("False", "True")
        assert np.mean(data.train[1]) == pytest.approx(0.5, abs=0.05)
        for other in (["TRUE", "false"], ["yes", "N"], [1, 0], [1.0, 0.0], [True, False]):
            assert data.preprocessing.transform_target(np.array(other)).tolist() == [1, 0]

    def test_letters_that_are_no_truth_stay_apart(self):
        assert loaded(y=lambda i: "tfyn"[i % 4]).classes == ("f", "n", "t", "y")
        assert loaded(y=lambda i: ["yes", "no", "maybe"][i % 3]).classes == ("maybe", "no", "yes")

    def test_too_many(self):
        with raises("target 'y' has 60 different texts in 60 rows, too many to learn", "task='cl"):
            loaded(y=lambda i: f"n{i}")
        with raises("target 'y' has 60 different texts in 60 rows"):
            loaded(y=lambda i: f"2020-01-{1 + i % 28:02} {i}")
        assert len(loaded(task="classification", y=lambda i: f"n{i}").classes) == N
        assert told(loaded(y=lambda i: f"n{i % 25}"), "25 different texts, each of them a class")

    def test_codes_with_zeros_in_front_are_labels(self):
        assert loaded(y=lambda i: ["007", "012", "13"][i % 3]).classes == ("007", "012", "13")

    def test_numbers_in_text_are_numbers(self):
        assert loaded(y=lambda i: f"{i / 4}").task == "regression"
        assert loaded(y=lambda i: str(i % 3)).classes == ("0", "1", "2")

    def test_a_few_whole_numbers_are_told(self):
        data = loaded(y=lambda i: float(i % 3))
        assert data.task == "regression"
        assert told(
            data, "3 different whole numbers, treated as numbers; use task='classification'"
        )

    def test_the_user_says_what_it_is(self):
        ratings = table(y=lambda i: i % 3)
        assert load_table(ratings, "y", numeric=["y"]).task == "regression"
        assert load_table(table(y=lambda i: i // 2), "y", categorical="y").task == "classification"

    def test_numbers_that_floats_cannot_tell_apart(self):
        with raises("target 'y' holds 1.8446744073709552e+19, too large to be told apart"):
            loaded(y=lambda i: [2.0**64, 1.0][i % 2])

    def test_nothing_to_learn(self):
        for cell in ("x", 1, 0.5):
            with raises("target 'y' is ", "in every", "nothing to learn"):
                loaded(y=lambda i, cell=cell: cell)
        with raises("target 'z' is 1 in every row: nothing to learn"):
            loaded(y=lambda i: i / 2, z=lambda i: 1)


class TestSeveral:
    def test_numbers(self):
        data = loaded(y=lambda i: i / 2, z=lambda i: f"${100 - i}")
        assert (data.task, data.targets, data.target) == ("regression", ("y", "z"), "y, z")
        x, y = data.train
        assert (y.shape, y.dtype) == ((len(x), 2), np.float32)
        np.testing.assert_allclose(y.mean(axis=0, dtype=np.float64), 0, atol=1e-6)
        np.testing.assert_allclose(y.std(axis=0, dtype=np.float64), 1, atol=1e-6)
        found = own_terms(data)
        np.testing.assert_allclose(2 * found[:, 0] + found[:, 1], 100, rtol=1e-4)
        with raises("predictions have shape (3,), expected 2 columns, one for each of 'y', 'z'"):
            data.preprocessing.inverse_target(np.zeros(3))

    def test_two_values_each(self):
        data = loaded(y=lambda i: i % 2, z=lambda i: ["no", "yes"][i % 3 > 0])
        assert (data.task, data.classes) == ("multilabel", ("y", "z"))
        assert set(np.unique(data.train[1])) == {0.0, 1.0}
        rows = data.preprocessing.inverse_target(np.array([[0, 1], [1, 0]])).tolist()
        assert rows == [[0, "yes"], [1, "no"]]
        assert data.preprocessing.transform_target(
            {"z": ["yes", "no"], "y": ["1", "0"], "a": [1, 2]}
        ).tolist() == [[1, 1], [0, 0]]
        with raises("column 'z', row 2: 'maybe', expected one of 'no', 'yes'"):
            data.preprocessing.transform_target({"y": [0, 1], "z": ["no", "maybe"]})
        with raises("no column 'z'; there are 'y'"):
            data.preprocessing.transform_target({"y": [0, 1]})
        with raises("targets have shape (2,), expected (m, 2)"):
            data.preprocessing.transform_target([0, 1])

    def test_zeros_and_ones_are_labels_unless_they_are_numbers(self):
        columns = {"y": lambda i: i % 2, "z": lambda i: float(i % 3 > 0)}
        data = loaded(**columns)
        assert data.task == "multilabel"
        assert told(data, "targets 'y', 'z' hold 0 and 1, treated as labels; use task='regression'")
        assert loaded(task="regression", **columns).task == "regression"
        other = {"y": lambda i: 3 + i % 2, "z": lambda i: i % 2}
        assert loaded(**other).task == "regression"
        assert loaded(task="multilabel", **other).preprocessing.goal.pairs == ((3, 4), (0, 1))

    def test_mixed(self):
        with raises(
            "several targets must all be numbers, or all have two values: 'z' is text, 'y' has "
            "more than two values; train a network for each"
        ):
            loaded(y=lambda i: i / 2, z=lambda i: "ab"[i % 2])
        with raises("'y', 'z' are text, 'z' has more than two values"):
            loaded(y=lambda i: "ab"[i % 2], z=lambda i: "abc"[i % 3])
        with raises("2 targets, 'y', 'z', are not classes of one kind"):
            loaded(task="classification", y=lambda i: i % 2, z=lambda i: i % 3)
        with raises("target 'z' has 3 different values, expected two"):
            loaded(task="multilabel", y=lambda i: i % 2, z=lambda i: i % 3)

    def test_rows_without_one_of_them_are_dropped(self):
        data = loaded(
            y=lambda i: np.nan if i < 4 else i / 2, z=lambda i: np.nan if i == 9 else -i / 2
        )
        assert data.notes[0] == "5 rows without a target were dropped"
        assert len(own_terms(data)) == 55


class TestLabelSets:
    @pytest.mark.parametrize("mark", "|;,")
    def test_several_labels_a_cell(self, mark):
        cells = [f"b{mark}a", "a", f"c {mark} b{mark}", "b"]
        data = loaded(task="multilabel", y=lambda i: cells[i % 4])
        assert (data.task, data.classes) == ("multilabel", ("a", "b", "c"))
        assert told(data, f"target 'y' has 3 labels, divided by {mark!r}")
        assert data.preprocessing.transform_target(cells).tolist() == [
            [1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0],
        ]  # fmt: skip
        rows = data.preprocessing.inverse_target(np.array([[1, 0, 1], [0, 0, 0]]))
        assert rows.tolist() == [f"a{mark}c", ""]
        with raises("column 'y', row 2: 'd', expected one of 'a', 'b', 'c'"):
            data.preprocessing.transform_target(["a", f"b{mark}d"])
        with raises("labels have shape (2,), expected 3 columns"):
            data.preprocessing.inverse_target([0, 1])
        with raises("labels are rows of zeros and ones"):
            data.preprocessing.inverse_target([[0, 1, 2]])

    def test_cells_written_as_lists(self):
        data = loaded(task="multilabel", y=lambda i: ["['p', 'q']", '["q"]'][i % 2])
        assert data.classes == ("p", "q")
        assert data.train[1][:, 1].all()

    def test_no_cell_with_several(self):
        with raises("target 'y' has no cell with several labels", "task='classification'"):
            loaded(task="multilabel", y=lambda i: "ab"[i % 2])
