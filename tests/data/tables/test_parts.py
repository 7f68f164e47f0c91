"""Rows held out by share, group, time or in tables of their own, and the weights of rows."""

import numpy as np
import pytest
from _errors import raises

from bpnet.data import Preprocessing, load_table
from bpnet.data.splitting import split
from bpnet.data.tables.notes import Notes
from bpnet.data.tables.preprocessing import encode_columns
from bpnet.data.tables.reading.read import read_table_with
from bpnet.data.tables.table import Table

N = 100
RANDOM = np.random.default_rng(0)


def table(n=N, **columns):
    number = np.arange(n)
    found = {
        "id": number * 1.5,
        "city": np.array(["Bonn", "Rome"], object)[number // 3 % 2],
        "kind": np.array(["cat", "dog", "cow"], object)[number % 3],
    }
    return Table({**found, **columns})


def parts_of(data):
    return [part for part in (data.train, data.validation, data.test) if part is not None]


def ids(data):
    """The rows of each part, by column ``id``."""
    prep = data.preprocessing
    (column,) = (column for column in prep.columns if column.name == "id")
    known = encode_columns([column], table(), Notes())[:, 0]
    at = data.features.index("id")
    return [np.abs(x[:, at, None] - known).argmin(axis=1).tolist() for x, _ in parts_of(data)]


def told(data, word):
    return [note for note in data.notes if word in note]


class TestShares:
    def test_the_rows_are_those_that_a_seed_always_gave(self):
        data = load_table(table(), "kind", seed=4)
        labels = np.array([0, 2, 1])[np.arange(N) % 3]
        expected = split(labels, validation=0.1, test=0.1, seed=4)
        assert ids(data) == [part.tolist() for part in expected]

    @pytest.mark.parametrize(
        ("validation", "test", "sizes"),
        [(0.2, 0.3, [50, 20, 30]), (0, 0.25, [75, 25]), (0.25, 0, [75, 25]), (0, 0, [100])],
    )
    def test_other_shares(self, validation, test, sizes):
        data = load_table(table(), "kind", validation=validation, test=test)
        assert [len(x) for x, _ in parts_of(data)] == sizes
        assert (data.validation is None) == (validation == 0)
        assert (data.test is None) == (test == 0)

    @pytest.mark.parametrize(
        ("given", "words", "kind"),
        [
            ({"validation": 0.5, "test": 0.5}, "leave no rows to train on", ValueError),
            ({"validation": -0.1}, "validation must be at least 0 and less than 1", ValueError),
            ({"test": 1}, "test must be at least 0 and less than 1, not 1.0", ValueError),
            ({"test": float("nan")}, "test must be", ValueError),
            ({"test": True}, "test must be a share of the rows, such as 0.1, or a", TypeError),
            ({"validation": None}, "or a file or frame of its own, not None", TypeError),
        ],
    )
    def test_that_cannot_be(self, given, words, kind):
        with raises(words, kind=kind):
            load_table(table(), "kind", **given)


class TestGroups:
    def test_none_is_in_two_parts(self):
        groups = np.array([f"p{i}" for i in RANDOM.integers(0, 25, N)], object)
        data = load_table(table(patient=groups), "kind", group="patient")
        found = [set(groups[rows]) for rows in ids(data)]
        assert sum(map(len, found)) == len(set(groups))
        (note,) = told(data, "rows are split by the groups of column 'patient'")
        assert f"{len(found[0])} groups to train on" in note
        assert "patient" not in "".join(data.features)
        (decision,) = (one for one in data.decisions if one.column == "patient")
        assert (decision.kind, decision.why) == ("left out", "rows are split by its groups")
        assert "patient" in data.preprocessing.ignored

    def test_a_group_is_a_feature_if_it_is_named(self):
        groups = np.arange(N) % 10 + 0.5
        data = load_table(
            table(ward=groups), "kind", group="ward", features=["id", "ward"], test=0.2
        )
        assert {column.name for column in data.preprocessing.columns} == {"id", "ward"}

    def test_one_that_is_missing_is_refused_with_its_place(self):
        groups = np.array([None if i == 7 else f"p{i % 20}" for i in range(N)], object)
        with raises("column 'patient', row 8: no group, by which rows are split"):
            load_table(table(patient=groups), "kind", group="patient")

    def test_too_few(self):
        with raises(
            "column 'city': 2 groups cannot be divided into 3 parts; hold out one part only"
        ):
            load_table(table(), "kind", group="city")
        assert load_table(table(), "kind", group="city", validation=0).validation is None

    def test_classes_that_are_only_held_out_are_told(self):
        kinds = np.array(["rare" if i // 4 == 3 else "ab"[i % 2] for i in range(N)], object)
        seen = 0
        for seed in range(30):
            data = load_table(
                table(kind=kinds, group=np.arange(N) // 4), "kind", group="group", seed=seed
            )
            rare = data.classes.index("rare")
            if rare not in data.train[1]:
                seen += 1
                assert told(data, "classes without a row to train on: 'rare'")
        assert seen

    def test_one_class_to_train_on(self):
        kinds = np.array(["a" if i < 80 else "b" for i in range(N)], object)
        with raises("target 'kind' is 'a' in every training row: nothing to learn"):
            load_table(table(kind=kinds, day=np.arange(N)), "kind", time="day")


class TestTime:
    @pytest.mark.parametrize(
        "times",
        [
            np.array([f"2021-{1 + i // 28:02}-{1 + i % 28:02}" for i in range(N)], object),
            np.arange(N).astype("datetime64[h]"),
            np.arange(N) * 0.5,
            np.arange(N).astype("timedelta64[s]"),
            np.array([str(1900 + i) for i in range(N)], object),
        ],
    )
    def test_later_rows_are_held_out(self, times):
        order = RANDOM.permutation(N)
        shuffled = {name: values[order] for name, values in table(when=times).items()}
        data = load_table(Table(shuffled), "kind", time="when", validation=0.1, test=0.2)
        assert ids(data) == [list(range(70)), list(range(70, 80)), list(range(80, 100))]
        (note,) = told(data, "rows are split by the time in column 'when'")
        assert f"test from {times[80]}" in note
        assert "when" in data.preprocessing.ignored

    def test_dates_as_people_write_them(self):
        days = [f"{1 + i % 28}.{1 + i // 28}.2021" for i in range(N)]
        data = load_table(table(when=np.array(days, object)), "kind", time="when")
        assert ids(data) == [list(range(80)), list(range(80, 90)), list(range(90, 100))]
        days = np.array([f"{1 + i % 12}/{1 + i // 12}/2021" for i in range(N)], object)
        data = load_table(table(when=days), "kind", time="when")
        assert told(data, "use day_first=True or --day-first if they are not")
        data = load_table(table(when=days), "kind", time="when", day_first=True)
        assert ids(data) == [list(range(80)), list(range(80, 90)), list(range(90, 100))]
        assert not told(data, "day_first")

    def test_ties_stay_together(self):
        days = np.arange(N) // 15
        data = load_table(table(day=days), "kind", time="day")
        found = [set(days[rows].tolist()) for rows in ids(data)]
        assert found == [{0, 1, 2, 3, 4}, {5}, {6}]

    def test_what_is_no_time_is_refused_with_its_place(self):
        times = np.array([f"2021-01-{1 + i % 28:02}" for i in range(N)], object)
        times[30] = "soon"
        with raises("column 'when', row 31: 'soon' is no date"):
            load_table(table(when=times), "kind", time="when")
        times[30] = None
        with raises("column 'when', row 31: no time, by which rows are split"):
            load_table(table(when=times), "kind", time="when")

    def test_the_date_is_a_feature_if_it_is_named(self):
        days = np.arange(N) * 2.5
        data = load_table(table(day=days), "kind", time="day", numeric=["day"])
        assert {column.name for column in data.preprocessing.columns} == {"id", "city", "day"}


class TestTablesOfTheirOwn:
    def test_from_files(self, csv):
        def text(rows):
            lines = [
                f"{i * 1.5},{['Bonn', 'Rome'][i % 2]},{['cat', 'dog'][i % 3 > 0]}" for i in rows
            ]
            return "\n".join(["id,city,kind", *lines])

        data = load_table(
            csv(text(range(50))),
            "kind",
            validation=csv(text(range(60, 70)), "later.csv"),
            test=csv(text(range(80, 100)), "last.csv"),
        )
        assert [len(x) for x, _ in parts_of(data)] == [50, 10, 20]
        assert ids(data)[1:] == [list(range(60, 70)), list(range(80, 100))]
        labels = data.preprocessing.inverse_target(data.test[1])
        assert labels.tolist() == [["cat", "dog"][i % 3 > 0] for i in range(80, 100)]

    def test_a_share_beside_one(self):
        data = load_table(table(), "kind", validation=table(12))
        assert [len(x) for x, _ in parts_of(data)] == [90, 12, 10]

    def test_what_is_found_in_one_is_told_with_its_name(self, csv):
        path = csv("id,city,kind,more\n1,Oslo,cat,1\n,Rome,dog,2\n3,Rome,,3\n", "new.csv")
        data = load_table(table(), "kind", test=path)
        assert len(data.test[0]) == 2
        notes = told(data, str(path))
        assert f"{path}: 1 row without a target was dropped" in notes
        assert any("'city'" in note and "'Oslo'" in note for note in notes)
        assert any("'id'" in note and "1 missing value" in note for note in notes)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("id,city\n1,Rome\n", "no column 'kind', did you mean"),
            ("id,kind\n1,cat\n", "no column 'city'; there are 'id', 'kind'"),
            (
                "id,city,kind\n1,Rome,cat\n2,Rome,pig\n",
                "'pig', expected one of 'cat', 'cow', 'dog'",
            ),
            ("id,city,kind\n1,Rome,\n2,Rome,\n", "no row has a target in column 'kind'"),
            ("id,city,kind\nold,Rome,cat\n", "'old' is not a number"),
        ],
    )
    def test_what_is_wrong_in_one_is_refused_with_its_name(self, csv, content, words):
        path = csv(content, "new.csv")
        with raises(f"{path}: ", words):
            load_table(table(), "kind", validation=path)

    def test_with_groups_or_time_there_must_be_a_share(self):
        for by in ("group", "time"):
            with raises(f"{by} 'id' splits the rows, but neither validation nor test is a share"):
                load_table(table(), "kind", validation=table(12), test=0, **{by: "id"})
        data = load_table(table(), "kind", validation=table(12), time="id")
        assert [len(x) for x, _ in parts_of(data)] == [90, 12, 10]


class TestWeights:
    def test_go_with_their_rows(self):
        weights = np.arange(N) / 7
        data = load_table(table(count=weights), "kind", weight="count")
        for rows, found in zip(ids(data), data.weights, strict=True):
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, weights[rows], rtol=1e-6)
        assert "count" not in data.features
        assert load_table(table(), "kind").weights is None
        only = load_table(table(count=weights), "kind", weight="count", validation=0, test=0)
        assert only.weights[1:] == (None, None)

    def test_of_a_table_of_its_own(self):
        weights = np.arange(N) / 7
        other = table(12, count=np.full(12, 2))
        data = load_table(table(count=weights), "kind", weight="count", test=other)
        assert data.weights[2].tolist() == [2.0] * 12
        with raises("test: no column 'count'"):
            load_table(table(count=weights), "kind", weight="count", test=table(12))

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (np.nan, "row 5: no value, expected a weight that is 0 or more"),
            (-1.0, "row 5: -1.0, expected a weight that is 0 or more"),
            (np.inf, "row 5: inf, expected a weight"),
            (1e39, "row 5: 1e+39, expected a weight"),
        ],
    )
    def test_that_cannot_be(self, value, words):
        weights = np.ones(N)
        weights[4] = value
        with raises("column 'count', ", words):
            load_table(table(count=weights), "kind", weight="count")

    def test_all_zero_in_the_training_rows(self):
        weights = np.where(np.arange(N) < 95, 0.0, 1.0)
        with raises("column 'count': every weight is 0 in the training rows"):
            load_table(table(count=weights), "kind", weight="count", time="id")

    def test_in_text(self):
        weights = np.array([f"{i % 7},5" for i in range(N)], object)
        data = load_table(table(count=weights), "kind", weight="count")
        assert data.weights[0].tolist() == [row % 7 + 0.5 for row in ids(data)[0]]

    def test_all_zero_or_text(self):
        with raises("column 'count': every weight is 0"):
            load_table(table(count=np.zeros(N)), "kind", weight="count")
        with raises("column 'city', row 1: 'Bonn', expected a weight"):
            load_table(table(), "kind", weight="city")


class TestRoles:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"group": "kind"}, "column 'kind' is given as target and group"),
            ({"group": "id", "weight": "id"}, "column 'id' is given as group and weight"),
            ({"target": ["id", "id"]}, "column 'id' is given twice as target"),
            ({"target": []}, "target names no column"),
            ({"group": "id", "time": "city"}, "by group 'id' or by time 'city', not both"),
            ({"drop": ["kind"]}, "column 'kind' is given as target and in drop"),
            ({"features": ["kind", "id"]}, "column 'kind' is given as target and in features"),
            ({"weight": "id", "numeric": ["id"]}, "given as weight and in numeric"),
            ({"weight": "id", "features": ["id"]}, "given as weight and in features"),
            ({"group": "Kind"}, "no column 'Kind', did you mean 'kind'?"),
            ({"time": "when"}, "no column 'when'; there are"),
            ({"weight": "w"}, "no column 'w'; there are"),
            ({"drop": ["x"]}, "drop: no column 'x'"),
        ],
    )
    def test_contradictions(self, given, words):
        with raises(words):
            load_table(table(), **{"target": "kind", **given})

    def test_a_group_may_be_dropped_too(self):
        data = load_table(table(p=np.arange(N) % 20), "kind", group="p", drop=["p", "city"])
        assert data.features == ("id",)


class TestReading:
    def test_a_file_of_its_own_and_new_files_are_read_like_the_first(self, csv):
        def text(rows):
            cells = (f"{i},5;{'-' if i % 7 == 3 else i % 5};{'ab'[i % 2]}" for i in rows)
            return "\n".join(cells).encode("utf-16")

        options = {"header": False, "decimal": ",", "encoding": "utf-16", "missing": ["-"]}
        other = csv(text(range(60, 80)), "other.csv")
        data = load_table(csv(text(range(60))), "c3", test=other, **options)
        assert [len(x) for x, _ in parts_of(data)] == [54, 6, 20]
        assert any("'c2'" in note and "missing" in note for note in told(data, str(other)))
        stored = Preprocessing.from_dict(data.preprocessing.to_dict())
        assert stored == data.preprocessing
        read = read_table_with(other, stored.read_options())
        with pytest.warns(UserWarning, match="missing"):
            np.testing.assert_array_equal(stored.transform(read), data.test[0])

    @pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
    def test_a_frame_gives_what_its_file_gives(self, csv, library):
        package = pytest.importorskip(library, reason=f"a frame of {library}")
        pytest.importorskip("pyarrow", reason="reads frames")
        columns = {name: values.tolist() for name, values in table().items()}
        make = package.table if library == "pyarrow" else package.DataFrame
        rows = zip(*columns.values(), strict=True)
        text = "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)])
        expected, data = load_table(csv(text), "kind"), load_table(make(columns), "kind")
        assert data.preprocessing == expected.preprocessing
        for ours, theirs in zip(parts_of(data), parts_of(expected), strict=True):
            assert np.array_equal(ours[0], theirs[0])
            assert np.array_equal(ours[1], theirs[1])
        own = load_table(columns, "kind", validation=make(columns), test=columns)
        assert np.array_equal(own.validation[0], own.test[0])

    def test_names_with_blanks_around_them(self):
        data = load_table(table(), " kind ", weight="id ")
        assert (data.target, data.weights[0].shape) == ("kind", data.train[1].shape)
