import json

import numpy as np
import pytest
from _errors import raises

from bpnet.data import Preprocessing, load_table, read_table

KINDS = ["cat", "dog", "cow"]


def lines(*columns, n=30):
    """CSV text from a name and a function of the row number for each column."""
    rows = [",".join(str(cell(i)) for _, cell in columns) for i in range(n)]
    return "\n".join([",".join(name for name, _ in columns), *rows])


def parts_of(data):
    return [part for part in (data.train, data.validation, data.test) if part is not None]


def all_rows(data):
    x, y = (np.concatenate(arrays) for arrays in zip(*parts_of(data), strict=True))
    return x, y


NUMBER = ("a", lambda i: i * i / 4)
KIND = ("kind", lambda i: KINDS[i % 3])


def unscaled(column, x):
    """The numbers of a column from what its encoder made of them."""
    z = x.astype(np.float64)
    return z / np.sqrt(1 - (z / 3) ** 2) * column.scaling.width + column.scaling.center


class TestTask:
    @pytest.mark.parametrize(
        ("target", "n", "task", "classes"),
        [
            (lambda i: KINDS[i % 3], 30, "classification", ("cat", "cow", "dog")),
            (lambda i: i % 2 == 0, 30, "classification", ("False", "True")),
            (lambda i: 5 - i % 2, 10, "classification", (4, 5)),
            (lambda i: i % 10, 30, "classification", tuple(range(10))),
            (lambda i: i % 10, 29, "regression", None),
            (lambda i: i % 20, 100, "classification", tuple(range(20))),
            (lambda i: i % 20, 99, "regression", None),  # counts have rare values, labels few
            (lambda i: i % 21, 300, "regression", None),
            (lambda i: i % 3 if i else "", 30, "classification", (0, 1, 2)),
            (lambda i: f"{i % 3}.0" if i else "", 30, "classification", (0, 1, 2)),
            (lambda i: i % 3 + 0.5 if i else "", 30, "regression", None),
            (lambda i: i % 3 / 2, 30, "regression", None),
            (lambda i: f"{i % 3}.0", 30, "regression", None),
            (lambda i: f"{i % 2}.0", 30, "classification", (0, 1)),
            (lambda i: i % 2 / 2, 30, "classification", ("0", "0.5")),
        ],
    )
    def test_it_is_seen_from_the_target(self, csv, target, n, task, classes):
        data = load_table(csv(lines(NUMBER, ("y", target), n=n)), "y")
        assert (data.task, data.classes) == (task, classes)
        for x, y in parts_of(data):
            expected = (np.int64, (len(x),)) if classes else (np.float32, (len(x), 1))
            assert (y.dtype, y.shape) == expected

    def test_the_person_decides(self, csv):
        digits = csv(lines(NUMBER, ("y", lambda i: i % 3)))
        assert (
            "treated as labels; use task='regression' or --task regression if"
            in load_table(digits, "y").notes[0]
        )
        assert load_table(digits, "y", task="regression").task == "regression"
        assert load_table(digits, "y", text=["y"]).classes == ("0", "1", "2")
        counts = csv(lines(NUMBER, ("y", lambda i: i // 2)))
        assert (
            "treated as numbers; use task='classification' or" in load_table(counts, "y").notes[0]
        )
        assert load_table(counts, "y", task="classification").classes == tuple(range(15))
        wholes = csv(lines(NUMBER, ("y", lambda i: f"{i % 2}.0")))
        assert load_table(wholes, "y", task="classification").classes == (0, 1)

    def test_a_task_that_does_not_fit(self, csv):
        words = csv(lines(NUMBER, KIND))
        with raises("no task 'regresion', did you mean 'regression'?"):
            load_table(words, "kind", task="regresion")
        with raises("column 'kind', line 2: 'cat' is not a number"):
            load_table(words, "kind", task="regression")
        halves = csv(lines(NUMBER, ("y", lambda i: i / 2)))
        with raises("target 'y' holds 0.5, but classes are text or whole numbers; to predict"):
            load_table(halves, "y", task="classification")


class TestPreparation:
    def test_numbers_are_scaled_by_the_training_rows(self, csv):
        data = load_table(csv(lines(NUMBER, ("b", lambda i: i % 7 / 7), KIND, n=100)), "kind")
        assert data.features == ("a", "b")
        assert [len(x) for x, _ in parts_of(data)] == [80, 10, 10]
        x = data.train[0]
        np.testing.assert_allclose(np.median(x, axis=0), 0, atol=0.03)  # clipped before the median
        assert (np.abs(x) < 3).all()
        for x, _ in parts_of(data):
            assert x.dtype == np.float32
            assert x.flags.c_contiguous

    def test_other_rows_do_not_change_what_is_learnt(self, csv):
        clean = load_table(csv(lines(NUMBER, ("y", lambda i: i / 2), n=50)), "y")
        column = clean.preprocessing.columns[0]
        row = round(2 * np.sqrt(unscaled(column, clean.test[0][:, 0])[0]))
        other = [("a", lambda i: 1e6 if i == row else i * i / 4), ("y", lambda i: i / 2)]
        assert load_table(csv(lines(*other, n=50)), "y").preprocessing == clean.preprocessing

    def test_rows_stay_together(self, csv):
        data = load_table(csv(lines(("a", lambda i: i + 0.5), ("y", lambda i: 3 * i + 0.25))), "y")
        x, y = all_rows(data)
        (column,) = data.preprocessing.columns
        a = unscaled(column, x[:, 0])
        np.testing.assert_allclose(
            data.preprocessing.inverse_target(y)[:, 0], 3 * (a - 0.5) + 0.25, atol=1e-4
        )

    def test_the_target_of_a_regression_is_standardized_and_told(self, csv):
        data = load_table(csv(lines(NUMBER, ("y", lambda i: i + 0.5))), "y")
        y = data.train[1].astype(np.float64)
        np.testing.assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-6)
        assert data.notes[0].startswith("target 'y' is standardized (mean ")
        assert data.notes[0].endswith("costs are in these units")

    def test_labels_are_one_hot_encoded(self, csv):
        data = load_table(csv(lines(("kind", KIND[1]), ("y", lambda i: i % 3))), "y")
        assert data.features == ("kind=cat", "kind=cow", "kind=dog")
        x, y = all_rows(data)
        np.testing.assert_array_equal(x, np.eye(3)[np.array([0, 2, 1])[y]])

    def test_integers_can_be_labels(self, csv):
        path = csv(lines(("zip", lambda i: f"0{i % 2}"), ("y", lambda i: i / 2)))
        for options in ({}, {"text": ["zip"]}, {"categorical": ["zip"]}):
            assert load_table(path, "y", **options).features == ("zip=00", "zip=01")
        assert load_table(path, "y", numeric=["zip"]).features == ("zip",)

    def test_missing_values_are_filled_and_told(self, csv):
        text = ("text", lambda i: "NA" if i % 3 == 1 else KINDS[i % 2])
        gap = ("gap", lambda i: "" if i % 3 == 0 else 6 if i % 3 == 1 else 8)
        data = load_table(csv(lines(gap, text, ("y", lambda i: i / 2), n=60)), "y")
        assert data.features == ("gap", "gap=(missing)", "text=cat", "text=dog", "text=(missing)")
        median = data.preprocessing.columns[0].scaling.center
        assert data.notes[1:] == (
            f"column 'gap' has 20 missing values, filled with the training median {median:.6g}",
            "column 'text' has 20 missing values, kept as a category of their own",
        )
        x, _ = all_rows(data)
        gaps = x[:, 1] == 1
        assert gaps.sum() == 20
        assert (x[gaps, 0] == 0).all()
        assert x[:, 4].sum() == 20

    def test_rows_without_a_target_are_dropped_and_told(self, csv):
        path = csv(lines(NUMBER, ("y", lambda i: "" if i < 3 else KINDS[i % 3])))
        data = load_table(path, "y")
        assert len(all_rows(data)[0]) == 27
        assert data.notes == ("3 rows without a target were dropped",)
        data = load_table(csv(lines(NUMBER, ("y", lambda i: i + 0.5 if i else "?"))), "y")
        assert data.notes[0] == "1 row without a target was dropped"

    def test_columns_that_say_nothing_are_left_out_and_told(self, csv):
        path = csv(
            lines(
                ("", lambda i: i),
                ("one", lambda i: 1),
                ("word", lambda i: "x"),
                ("empty", lambda i: ""),
                ("id", lambda i: f"id{i}"),
                ("name", lambda i: f"n{i % 1001}"),
                NUMBER,
                KIND,
                n=1002,
            )
        )
        data = load_table(path, "kind")
        assert data.features == ("a",)
        assert data.preprocessing.ignored == ("one", "word", "empty", "id", "name")
        assert data.notes == (
            "column '' is left out: it has no name",
            "column 'one' is left out: it is constant (=1) in the training rows",
            "column 'word' is left out: it is constant (='x') in the training rows",
            "column 'empty' is left out: it has no value in the training rows",
            "column 'id' is left out: its 1002 texts all differ, like identifiers; "
            "--categorical id uses it",
            "column 'name' is left out: 1001 of its 1002 texts differ, like identifiers; "
            "--categorical name uses it",
        )

    def test_many_columns_alike_are_told_in_one_sentence(self, npz):
        x = np.zeros((30, 20))
        x[:, 3] = np.arange(30) ** 2 / 4
        (*_, note) = load_table(npz(x=x, y=np.arange(30) / 2), "y").notes
        assert note == (
            "19 columns are left out: they are constant in the training rows: 'x0', 'x1', 'x2', "
            "'x4', 'x5', 'x6', 'x7', 'x8', 'x9', 'x10' and 9 more"
        )

    def test_a_column_that_counts_the_rows_is_told(self, csv):
        data = load_table(csv(lines(("id", lambda i: i + 7), NUMBER, KIND)), "kind")
        assert data.features == ("id", "a")
        assert data.notes == ("column 'id' counts the rows; if it is only an index, use --drop id",)

    def test_numbers_spoilt_by_a_word_are_told(self, csv):
        spoilt = ("b", lambda i: "ten" if i == 10 else i % 3)
        data = load_table(csv(lines(spoilt, KIND)), "kind")
        assert data.notes == (
            "column 'b' is taken for labels, not numbers, because of 'ten' in line 12; if it "
            "stands for a missing number, use --missing ten",
        )

    def test_a_rare_class_is_only_trained_on_and_told(self, csv):
        for seed in range(5):
            path = csv(lines(NUMBER, ("y", lambda i: "rare" if i == 4 else KINDS[i % 2])))
            data = load_table(path, "y", seed=seed)
            assert data.notes == ("classes of a single row, which is only trained on: 'rare'",)
            assert data.classes.index("rare") in data.train[1]

    def test_a_category_of_other_rows_is_all_zeros_and_told(self, csv):
        seen = 0
        for seed in range(8):
            path = csv(lines(("b", lambda i: "odd" if i == 4 else KINDS[i % 2]), KIND))
            data = load_table(path, "kind", seed=seed)
            if "b=odd" not in data.features:
                seen += 1
                assert (all_rows(data)[0].sum(axis=1) == 0).sum() == 1
                assert data.notes == (
                    "column 'b' has categories not seen in training, encoded as all zeros: 'odd'",
                )
        assert seen

    def test_the_smallest_tables(self, csv):
        data = load_table(csv(lines(NUMBER, ("y", lambda i: i / 2), n=10)), "y")
        assert [len(x) for x, _ in parts_of(data)] == [8, 1, 1]
        data = load_table(csv(lines(NUMBER, ("y", lambda i: f"c{i}"), n=10)), "y")
        assert len(data.train[0]) == 10
        assert data.validation is data.test is None

    def test_the_seed_decides(self, csv):
        path = csv(lines(NUMBER, KIND))
        first, again = load_table(path, "kind", seed=3), load_table(path, "kind", seed=3)
        assert first.preprocessing == again.preprocessing
        assert np.array_equal(first.test[0], again.test[0])
        assert first.preprocessing != load_table(path, "kind", seed=4).preprocessing

    def test_the_same_table_in_every_format(self, csv, npz, parquet):
        n = np.arange(40)
        columns = {"a": n**2, "b": n % 7 / 7, "kind": np.array(KINDS)[n % 3]}
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        text = "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)])
        expected = load_table(csv(text), "kind")
        for path in (npz(**columns), parquet(columns)):
            data = load_table(path, "kind")
            assert data.preprocessing == expected.preprocessing
            for ours, theirs in zip(parts_of(data), parts_of(expected), strict=True):
                assert np.array_equal(ours[0], theirs[0])
                assert np.array_equal(ours[1], theirs[1])

    def test_a_new_file_is_encoded_alike(self, csv):
        zips = ("zip", lambda i: "A1" if i % 3 else "012")
        data = load_table(csv(lines(NUMBER, zips, ("id", lambda i: f"i{i}"), KIND)), "kind")
        prep = Preprocessing.from_dict(json.loads(json.dumps(data.preprocessing.to_dict())))
        new = csv("zip,a,id\n012,4\n".replace(",4", ",4,x"), "new.csv")
        x = prep.transform(read_table(new, text=prep.text_columns))
        column = prep.columns[0]
        np.testing.assert_allclose(unscaled(column, x[:, 0]), [4], rtol=1e-5)
        assert x[0, 1:].tolist() == [1, 0]


class TestRefusals:
    def test_no_such_column(self, csv):
        path = csv(lines(NUMBER, KIND))
        with raises("table.csv: no column 'Kinds', did you mean 'kind'? there are 'a', 'kind'"):
            load_table(path, "Kinds")
        with raises("table.csv: no column 'price'; there are 'a', 'kind'"):
            load_table(path, "price")
        with raises("table.csv: text: no column 'zip'; there are"):
            load_table(path, "kind", text=["zip"])

    def test_too_few_rows(self, csv):
        with raises("table.csv: 9 rows with a target, at least 10 are needed"):
            load_table(csv(lines(NUMBER, KIND, n=9)), "kind")
        path = csv(lines(NUMBER, ("y", lambda i: i / 2 if i > 25 else "")))
        with raises("table.csv: 4 rows with a target"):
            load_table(path, "y")

    def test_nothing_to_learn(self, csv):
        with raises("target 'y' is 'x' in every row: nothing to learn"):
            load_table(csv(lines(NUMBER, ("y", lambda i: "x"))), "y")
        with raises("target 'y' is 0.5 in every training row: nothing to learn"):
            load_table(csv(lines(NUMBER, ("y", lambda i: 0.5))), "y")
        with raises(
            "no column is left to predict 'kind' from; column 'one' is left out: it is constant"
        ):
            load_table(csv(lines(("one", lambda i: 1), KIND)), "kind")

    def test_infinities_are_told_with_the_row_of_the_file(self, csv):
        cells = ("b", lambda i: "inf" if i == 20 else i / 3)
        target = ("y", lambda i: "" if i < 5 else KINDS[i % 3])
        with raises("column 'b', line 22: inf is not a finite number"):
            load_table(csv(lines(cells, target)), "y")
        with raises("column 'b', line 22: inf is not a finite number"):
            load_table(csv(lines(NUMBER, cells)), "b")

    def test_numbers_too_large_for_float32_do_no_harm(self, csv):
        for power in (39, 306):
            cells = ("b", lambda i: f"{i - 9}e{power}")  # noqa: B023
            data = load_table(csv(lines(cells, KIND)), "kind")
            x, _ = all_rows(data)
            assert np.unique(x).size == 30
            assert (np.abs(x) < 3).all()


class TestWhatIsAskedFor:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"target": None}, "target must be the name of a column, or several, not None"),
            ({"target": ["kind", 3]}, "target[1] must be a string, not 3"),
            ({"task": 3}, "task must be a string, not 3"),
            ({"text": 3}, "text must be a sequence, not 3"),
            ({"text": ["a", 3]}, "text[1] must be a string, not 3"),
            ({"seed": "x"}, "seed must be an integer, not 'x'"),
        ],
    )
    def test_of_the_wrong_kind(self, tmp_path, given, words):
        path = tmp_path / "t.csv"
        path.write_text(lines(NUMBER, KIND))
        with raises(words, kind=TypeError):
            load_table(path, **{"target": "kind", **given})

    def test_a_single_column_of_text(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text(lines(("zip", lambda i: 100 + i % 3), KIND))
        several = load_table(path, "kind", text=["zip"])
        assert load_table(path, "kind", text="zip").features == several.features

    @pytest.mark.parametrize(
        ("rows", "asked", "words"),
        [
            ("1e999,cat\n", {}, "column 'a', line 32: inf is not a finite number"),
            ("1,cat\n", {"task": "regression"}, "column 'kind', line 2: 'cat' is not a number"),
        ],
    )
    def test_a_bad_cell_is_told_with_the_file(self, tmp_path, rows, asked, words):
        path = tmp_path / "t.csv"
        path.write_text(lines(NUMBER, KIND) + "\n" + rows)
        with raises(f"{path}: {words}"):
            load_table(path, "kind", **asked)


def test_names_may_have_the_blanks_of_the_file(csv):
    path = csv(" a , b, y \n" + "".join(f"{k},{k * 7 % 5},{'pq'[k % 2]}\n" for k in range(60)))
    for target, drop in (("y", "b"), (" y ", " b"), (" y", "b ")):
        data = load_table(path, target, drop=[drop])
        assert data.targets == ("y",)
        assert data.features == ("a",)


def test_a_part_that_is_the_table_trained_on_is_told(csv, tmp_path):
    path = csv(lines(NUMBER, KIND))
    told = "table is the one that is trained on: its figures do not show"
    for data, same, other in (
        (path, tmp_path / "." / path.name, csv(path.read_text(), "other.csv")),
        (frame := read_table(path), frame, read_table(path)),
    ):
        assert f"the test {told}" in " ".join(load_table(data, "kind", test=same).notes)
        assert f"the validation {told}" in " ".join(load_table(data, "kind", validation=same).notes)
        assert told not in " ".join(load_table(data, "kind", test=other).notes)
