import numpy as np
import pytest

from bpnet.data import load_table
from bpnet.data.tables.table import Table

N = 120
RANDOM = np.random.default_rng(0)
WORDS = np.array(["no", "yes"], object)


def notes(target="y", task=None, **columns):
    honest = {"a": RANDOM.normal(size=N), "b": RANDOM.integers(0, 2, N)}
    data = load_table(Table({**honest, **columns}), target, task=task)
    return [note for note in data.notes if "the same as target" in note]


class TestCopies:
    @pytest.mark.parametrize(
        "copy",
        [
            lambda y: WORDS[y],
            lambda y: WORDS[1 - y],
            lambda y: y * 3.5 - 1,
            lambda y: y,
            lambda y: np.where(RANDOM.random(N) < 0.1, None, WORDS[y]),
        ],
        ids=["words", "opposites", "numbers", "equal", "with gaps"],
    )
    def test_of_classes(self, copy):
        y = RANDOM.integers(0, 2, N)
        expected = (
            "column 'alive' says the same as target 'y'; if not known before the target is, use "
            "drop=['alive'] or --drop alive"
        )
        assert notes(y=WORDS[y], alive=copy(y)) == [expected]
        assert notes(y=y, alive=copy(y)) == [expected]

    def test_of_several_classes(self):
        y = RANDOM.integers(0, 7, N)
        (note,) = notes(y=y, code=np.array(list("gfedcba"), object)[y], twice=2.0 * y)
        assert note.startswith("columns 'code', 'twice' say the same as target 'y'; ")
        assert note.endswith("use drop=['code', 'twice'] or --drop code twice")

    @pytest.mark.parametrize(
        "copy",
        [
            lambda y: y,
            lambda y: 32 + 1.8 * y,
            lambda y: -y,
            lambda y: np.log(y),
            lambda y: np.exp(y / 10),
            lambda y: np.round(y * 2.54, 3),
            lambda y: np.array([f"${cell:.4f}" for cell in y], object),
            lambda y: np.where(RANDOM.random(N) < 0.1, np.nan, y),
        ],
        ids=["equal", "unit", "sign", "log", "exp", "rounded", "spelled", "with gaps"],
    )
    def test_of_numbers(self, copy):
        y = RANDOM.uniform(1, 30, N)
        (note,) = notes(y=y, copy=copy(y))
        assert note.startswith("column 'copy' says the same as target 'y'")

    def test_of_numbers_by_name(self):
        y = RANDOM.integers(0, 12, N) * 0.75
        months = np.array([f"month {k}" for k in range(12)], object)
        (note,) = notes(y=y, month=months[(y / 0.75).astype(int)])
        assert "'month'" in note

    def test_of_one_of_several_targets(self):
        y, z = RANDOM.integers(0, 2, (2, N))
        (note,) = notes(target=["y", "z"], y=y, z=z, copy=WORDS[z])
        assert "column 'copy' says the same as target 'z'" in note

    def test_what_is_left_out_is_not_told(self):
        y = RANDOM.integers(0, 2, N)
        table = Table({"a": RANDOM.normal(size=N), "copy": y, "y": y})
        assert not any("same as" in note for note in load_table(table, "y", drop=["copy"]).notes)


class TestHonestColumns:
    @pytest.mark.parametrize("task", ["classification", "regression"])
    def test_that_differ_in_each_row(self, task):
        y = RANDOM.integers(0, 5, N)
        columns = {
            "number": np.arange(N) * 0.7,
            "name": np.array([f"n{i}" for i in range(N)], object),
        }
        assert not notes(y=y, task=task, **columns)

    def test_where_each_row_is_there_twice(self):
        half = RANDOM.normal(size=(3, N // 2))
        y, b, c = np.concatenate([half, half], axis=1)
        assert not notes(y=y, b=b, c=c)

    def test_that_nearly_say_the_same(self):
        y = RANDOM.integers(0, 2, N)
        other = y.copy()
        other[5] = 1 - other[5]
        assert not notes(y=WORDS[y], b=WORDS[other])
        numbers = RANDOM.uniform(1, 30, N)
        assert not notes(y=numbers, b=numbers + RANDOM.normal(size=N) * 0.1)

    def test_a_coincidence_in_a_few_rows(self):
        y = np.array(["a", "b"], object)[[0, 1, 1, 0, 1, 0, 0, 1, 1, 0]]
        table = Table({"a": RANDOM.normal(size=10), "b": (y == "a") * 1, "y": y})
        assert not any("same as" in note for note in load_table(table, "y").notes)

    def test_a_rare_class_and_a_rare_value(self):
        rare = np.arange(N) == 40
        assert not notes(y=WORDS[rare.astype(int)], b=rare.astype(int))

    def test_a_trend(self):
        year = np.arange(1900, 1900 + N)
        assert not notes(y=1e6 + 2e4 * (year - 1900) + RANDOM.normal(size=N) * 2e4, year=year)

    @pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "linnerud"])
    def test_of_public_tables(self, name):
        datasets = pytest.importorskip("sklearn.datasets", reason="brings public tables")
        found = getattr(datasets, f"load_{name}")()
        x = {f"x{k}": found.data[:, k] for k in range(found.data.shape[1])}
        y = found.target if found.target.ndim == 1 else found.target[:, 0]
        table = Table({**x, "target": y})
        for target in table:
            data = load_table(table, target, task="regression")
            assert not any("same as" in note for note in data.notes)
