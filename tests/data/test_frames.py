"""Frames of several libraries as samples."""

import numpy as np
import pytest

import bpnet
from bpnet.data import load_table, read_table
from bpnet.data.frames import column_names

ROWS = 60
RNG = np.random.default_rng(0)
AGE = RNG.integers(20, 60, ROWS)
CITY = np.array(["Bonn", "Rome", "Oslo"])[RNG.integers(0, 3, ROWS)]
KIND = np.where(AGE > 40, "old", "young")
INCOME = 100.0 * AGE + 500.0 * (CITY == "Rome")
MARK = np.where(AGE > 40, 7, 3)
COLUMNS = {"age": AGE, "city": CITY, "kind": KIND, "income": INCOME, "mark": MARK}
TARGETS = ("kind", "income", "mark")


def frames(columns):
    """The same columns in whatever holds them."""
    yield "dict", {name: list(values) for name, values in columns.items()}
    yield "dict of arrays", dict(columns)
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    yield "pandas", pd.DataFrame(columns)
    yield "pandas rows", pd.DataFrame(columns).set_index(np.arange(ROWS)[::-1])
    pl = pytest.importorskip("polars", reason="polars is not installed")
    yield "polars", pl.DataFrame(columns)
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


def test_frames_of_numbers_are_arrays_to_a_network_that_knows_no_table():
    x = RNG.normal(size=(ROWS, 2))
    net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    net.fit(x, MARK == 7, epochs=1)
    for what, frame in frames({"a": x[:, 0], "b": x[:, 1]}):
        if what.startswith("dict"):
            with pytest.raises(TypeError, match="x is a dict with the keys 'a', 'b': an array is"):
                net.predict(frame)
        else:
            assert (net.predict(frame) == net.predict(x)).all(), what


def test_frames_with_text_need_a_preprocessing():
    net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    words = r"column 'city' of x holds text, such as '\w+', .*bpnet.data.load_table"
    for what, frame in frames({"age": AGE, "city": CITY}):
        if not what.startswith("dict"):
            for call in (
                lambda frame=frame: net.predict(frame),
                lambda frame=frame: net.fit(frame, MARK == 7, epochs=1),
            ):
                with pytest.raises(TypeError, match=words):
                    call()
    assert net.epochs == 0


def test_what_has_no_named_columns():
    for x in (None, [[1.0]], ((1.0,),), np.ones((2, 2)), "a", {}, {1: [2]}, {"a"}, object()):
        assert column_names(x) is None
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    assert column_names(pd.Series([1.0], name="a")) is None
    assert column_names(pd.DataFrame(np.ones((2, 2)))) is None
    assert column_names(pd.DataFrame({"a": [1]})) == ["a"]
