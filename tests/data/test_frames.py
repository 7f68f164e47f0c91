"""Frames of several libraries as samples."""

import numpy as np
import pytest

import bpnet
from bpnet.data import load_table, read_table
from bpnet.data.frames import is_table

ROWS = 60
RNG = np.random.default_rng(0)
AGE = RNG.integers(20, 60, ROWS)
CITY = np.array(["Bonn", "Rome", "Oslo"])[RNG.integers(0, 3, ROWS)]
KIND = np.where(AGE > 40, "old", "young")
INCOME = 100.0 * AGE + 500.0 * (CITY == "Rome")
MARK = np.where(AGE > 40, 7, 3)
COLUMNS = {"age": AGE, "city": CITY, "kind": KIND, "income": INCOME, "mark": MARK}
TARGETS = ("kind", "income", "mark")
NO_ARRAYS = {
    "dict": "x is a dict with the keys 'a', 'b': an array is needed",
    "dict of arrays": "x is a dict with the keys 'a', 'b': an array is needed",
    "records": r"x: row 0 is \{'a'.*a dict: real numbers are needed",
    "lazy": "x is a LazyFrame: an array or a list of numbers is needed",
}


def frames(columns):
    """The same columns in whatever holds them."""
    yield "dict", {name: list(values) for name, values in columns.items()}
    yield "dict of arrays", dict(columns)
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    yield "records", [dict(zip(columns, row, strict=True)) for row in rows]
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    yield "pandas", pd.DataFrame(columns)
    yield "pandas rows", pd.DataFrame(columns).set_index(np.arange(ROWS)[::-1])
    pl = pytest.importorskip("polars", reason="polars is not installed")
    yield "polars", pl.DataFrame(columns)
    yield "lazy", pl.LazyFrame(columns)
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    yield "Arrow", pa.table(columns)
    yield "Arrow batch", pa.RecordBatch.from_pydict({k: pa.array(v) for k, v in columns.items()})


def without(*names):
    return {name: values for name, values in COLUMNS.items() if name not in names}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """By target, a network that learned from a table, and the table as read from its file."""
    folder = tmp_path_factory.mktemp("tables")
    found = {}
    for target in TARGETS:
        columns = without(*(other for other in TARGETS if other != target))
        lines = [
            ",".join(columns),
            *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
        ]
        path = folder / f"{target}.csv"
        path.write_text("\n".join(lines))
        data = load_table(path, target)
        classes = data.classes
        options = {"cost": "log_likelihood"} if classes else {"activations": ["tanh", "identity"]}
        outputs = len(classes) if classes else 1
        net = bpnet.Network([len(data.features), 8, outputs], seed=0, **options)
        net.fit(*data.train, epochs=60, batch_size=8, optimizer=bpnet.Adam(0.02))
        net.metadata["preprocessing"] = data.preprocessing.to_dict()
        net.save(folder / f"{target}.safetensors")
        net = bpnet.load(folder / f"{target}.safetensors")
        found[target] = net, data.preprocessing, read_table(path), columns
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_answers_are_in_the_terms_of_the_target(learned, target):
    net, preprocessing, table, columns = learned[target]
    encoded = preprocessing.transform(table)
    right = preprocessing.inverse_target(np.asarray(net.predict(encoded)))
    for what, frame in [*frames(columns), ("Table", table)]:
        found = net.predict(frame)
        assert found.tolist() == right.tolist(), what
        assert (net.feedforward(frame) == net.feedforward(encoded)).all(), what
    if target == "income":
        assert np.corrcoef(found, INCOME)[0, 1] > 0.9
        assert found.mean() > 1000.0  # in its own unit
        with pytest.raises(ValueError, match="the task is regression"):
            net.accuracy(frame)
    else:
        assert set(found.tolist()) == set(columns[target].tolist())
        assert net.classes == tuple(sorted(set(columns[target].tolist())))
        assert (net.predict_proba(frame) == net.predict_proba(encoded)).all()


@pytest.mark.parametrize("target", TARGETS)
def test_scores_take_the_target_from_the_frame_or_beside_it(learned, target):
    net, preprocessing, table, columns = learned[target]
    encoded = preprocessing.transform(table), preprocessing.transform_target(columns[target])
    for judge in ("score", "total_cost", *(() if target == "income" else ("accuracy",))):
        right = getattr(net, judge)(*encoded)
        for what, frame in frames(columns):
            assert getattr(net, judge)(frame) == right, what
        for what, frame in frames({k: v for k, v in columns.items() if k != target}):
            assert getattr(net, judge)(frame, columns[target]) == right, what
            assert getattr(net, judge)(frame, list(columns[target])) == right, what


def test_training_goes_on_with_frames(learned):
    for target in ("kind", "income"):
        net, preprocessing, table, columns = learned[target]
        encoded = preprocessing.transform(table), preprocessing.transform_target(columns[target])
        plain = net.copy()
        right = plain.fit(*encoded, epochs=2, validation=encoded)
        for what, frame in frames(columns):
            for validation in (frame, (frame, columns[target])):
                other = net.copy()
                history = other.fit(frame, epochs=2, validation=validation)
                for column in history.columns[:-1]:
                    assert history[column] == right[column], what
                assert (other.weights[0] == plain.weights[0]).all(), what


def taught(columns, target, **options):
    """A network that learned from a frame, which predicts as a loaded one does."""
    data = load_table(columns, target, **options)
    x, y = data.train
    outputs = y.shape[1] if y.ndim == 2 else len(data.classes)
    cost = {"regression": "quadratic", "multilabel": "cross_entropy"}.get(data.task)
    settings = {"activations": ["identity"]} if data.task == "regression" else {}
    net = bpnet.Network(
        [x.shape[1], outputs], cost=cost or "log_likelihood", task=data.task, seed=0, **settings
    )
    net.fit(x, y, epochs=30, optimizer=bpnet.Adam(0.05))
    net.metadata["preprocessing"] = data.preprocessing.to_dict()
    return net


def test_several_numbers_are_answered_in_their_own_units():
    columns = {**without("mark"), "weight": 2.0 * AGE - 40.0}
    net = taught(columns, ["income", "weight"])
    for what, frame in frames(columns):
        found = net.predict(frame)
        assert found.shape == (ROWS, 2), what
        assert abs(found.mean(axis=0) - [INCOME.mean(), columns["weight"].mean()]).max() < 500.0
        assert net.score(frame) == net.score(frame, np.stack([INCOME, columns["weight"]], axis=1))
    assert net.score(columns) > 0.9


def test_several_labels_are_answered_in_their_own_words():
    columns = {"age": AGE, "old": np.where(AGE > 40, "yes", "no"), "rome": CITY == "Rome"}
    columns["city"] = CITY
    net = taught(columns, ["old", "rome"], task="multilabel")
    for what, frame in frames(columns):
        found = net.predict(frame)
        assert found.shape == (ROWS, 2), what
        assert (found[:, 0] == columns["old"]).mean() > 0.9, what
        assert (found[:, 1].astype(str) == columns["rome"].astype(str)).mean() > 0.9, what
        assert net.accuracy(frame) > 0.85, what


def test_booleans_beside_a_frame_are_read_as_within_it():
    columns = {"age": AGE, "city": CITY, "old": AGE > 40}
    net = taught(columns, "old")
    inputs = {"age": AGE, "city": CITY}
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    for y in (AGE > 40, list(AGE > 40), pd.Series(AGE > 40), pd.Series(AGE > 40, dtype="boolean")):
        assert net.accuracy(inputs, y) == net.accuracy(columns) > 0.85


def test_predictions_with_every_library(learned, target):
    for what in TARGETS:
        net, _, _, columns = learned[what]
        moved = net.to(target.backend("float32"))
        found = moved.predict(columns)
        assert type(found) is np.ndarray
        if what == "income":
            np.testing.assert_allclose(found, net.predict(columns), rtol=1e-4)
        else:
            assert (found == net.predict(columns)).all()


def test_arrays_are_encoded_samples_as_ever(learned):
    net, preprocessing, table, _ = learned["kind"]
    assert net.predict(preprocessing.transform(table)).dtype.kind == "i"
    assert net.accuracy(preprocessing.transform(table), KIND) == net.accuracy(table)
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    unnamed = pd.DataFrame(preprocessing.transform(table))
    assert (net.predict(unnamed) == net.predict(preprocessing.transform(table))).all()


def test_what_is_wrong_with_a_frame_is_named(learned):
    net, _, _, columns = learned["kind"]
    for _, frame in frames({name: columns[name] for name in ("city", "kind")}):
        with pytest.raises(ValueError, match="no column 'age'; there are 'city', 'kind'"):
            net.predict(frame)
    for _, frame in frames({name: columns[name] for name in ("age", "city")}):
        with pytest.raises(TypeError, match="y is missing, and x has no column 'kind'"):
            net.accuracy(frame)
    other = np.where(np.arange(ROWS) == 4, "odl", KIND)
    for _, frame in frames({**columns, "kind": other}):
        with pytest.raises(ValueError, match=r"column 'kind', row 5: 'odl', expected one of"):
            net.accuracy(frame)


def test_paths_and_single_rows_are_no_frames(learned, tmp_path):
    net, _, _, columns = learned["kind"]
    for path in ("t.csv", tmp_path / "t.csv"):
        with pytest.raises(TypeError, match=r"t.csv', and a frame is needed: bpnet.data.read_tab"):
            net.predict(path)
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame(columns)
    with pytest.raises(
        TypeError, match=r"x is a Series, a single row or column 3, .*iloc\[\[0\]\]"
    ):
        net.predict(frame.iloc[3])
    assert net.predict(frame.iloc[[3]]).tolist() == net.predict(frame)[3:4].tolist()
    row = frame.iloc[3].to_dict()
    assert net.predict([row]).tolist() == net.predict(frame)[3:4].tolist()


def test_frames_of_numbers_are_arrays_to_a_network_that_knows_no_table():
    x = RNG.normal(size=(ROWS, 2))
    net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    net.fit(x, MARK == 7, epochs=1)
    for what, frame in frames({"a": x[:, 0], "b": x[:, 1]}):
        if what in NO_ARRAYS:
            with pytest.raises(TypeError, match=NO_ARRAYS[what]):
                net.predict(frame)
        else:
            assert (net.predict(frame) == net.predict(x)).all(), what


def test_frames_with_text_need_a_preprocessing():
    net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    words = r"column 'city' of x holds text, such as '\w+', .*bpnet.data.load_table"
    for what, frame in frames({"age": AGE, "city": CITY}):
        if what not in NO_ARRAYS:
            for call in (
                lambda frame=frame: net.predict(frame),
                lambda frame=frame: net.fit(frame, MARK == 7, epochs=1),
            ):
                with pytest.raises(TypeError, match=words):
                    call()
    assert net.epochs == 0


def test_what_has_no_named_columns():
    for x in (None, [[1.0]], ((1.0,),), np.ones((2, 2)), "a", [], {"a"}, object()):
        assert not is_table(x)
    assert not is_table(({"a": [1]}, [1]))  # a pair
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    assert not is_table(pd.Series([1.0], name="a"))
    assert is_table(pd.DataFrame({"a": [1]}))
    assert is_table(np.zeros(2, [("a", float)]))
