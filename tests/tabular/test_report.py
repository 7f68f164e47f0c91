"""What a report shows: text, HTML, pictures."""

import numpy as np
import pytest

from bpnet.tabular import Part, Report
from bpnet.tabular.importance import Importance
from bpnet.tabular.pictures import draw_importance

PNG = b"\x89PNG"


def of_classes(n, label="class {}", rows=None):
    counts = np.random.default_rng(0).integers(0, 9, (rows or n, n))
    part = Part(int(counts.sum()), {"network": {"accuracy": 0.5, "log_loss": None}}, {}, counts)
    return Report(
        "classification", ("y",), tuple(label.format(k) for k in range(n)), {"test": part}
    )


def test_the_text_has_a_column_for_each_figure():
    models = {
        "network": {"r2": 0.5, "rmse": 12345.6, "mae": 1.0},
        "mean": {"r2": None, "rmse": 0.001, "mae": 2.0},
    }
    report = Report("regression", ("y",), None, {"": Part(1, models)}, ("one",), ("two",))
    assert str(report).splitlines() == [
        "1 row      R^2       RMSE  MAE",
        "network  0.500  1.235e+04    1",
        "mean         -      0.001    2",
        "one",
        "two",
    ]


def test_several_targets_have_a_table_each():
    one = {"network": {"r2": 0.5}}
    part = Part(4, {"network": {"r2": 0.6}}, {"length": one, "w" * 99: {"network": {"r2": 0.7}}})
    text = str(Report("regression", ("length", "w" * 99), None, {"test": part}))
    assert text.startswith("test, 4 rows: length")
    assert "w" * 99 not in text


def test_all_text_is_escaped_in_html():
    part = Part(1, {"<b>net": {"accuracy": 1.0}})
    report = Report("classification", ("y",), ("<i>",), {"<p>": part}, ("<u>",), ("<s>&",))
    html = report._repr_html_()
    for raw, safe in (("<b>net", "&lt;b&gt;net"), ("<u>", "&lt;u&gt;"), ("<s>&", "&lt;s&gt;&amp;")):
        assert raw not in html
        assert safe in html
    assert "100.0 %" in html


def test_an_unknown_part_is_named():
    with pytest.raises(KeyError, match="no part 'train': there are test"):
        of_classes(2)["train"]


@pytest.mark.parametrize("n", [2, 3, 10, 40, 70])
def test_confusion_matrices_of_any_size_are_drawn(n, tmp_path):
    of_classes(n, "a class $with a name of more than thirty characters {}").plot(
        tmp_path / "c.png", "title"
    )
    assert (tmp_path / "c.png").read_bytes().startswith(PNG)


def test_cells_show_counts_and_shares():
    part = Part(4, {}, {}, np.array([[3, 1], [0, 0]]))
    figure = Report("classification", ("y",), ("no", "yes"), {"test": part}).figure()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["3\n75 %", "1\n25 %", "0", "0"]
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["no", "yes"]


def test_classes_that_are_unknown_have_a_row():
    figure = of_classes(2, rows=3).figure()
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["class 0", "class 1", "(unknown)"]


def test_too_many_classes_for_a_picture_are_told():
    report = Report("classification", ("y",), tuple(range(500)), {"test": Part(1, {})})
    with pytest.raises(ValueError, match="500 classes are too many"):
        report.plot()


@pytest.mark.parametrize("n", [1, 2, 12])
def test_predicted_against_true(n, tmp_path):
    y = np.random.default_rng(0).normal(size=(50, n))
    part = Part(50, {}, {}, None, (y, y + 0.1))
    report = Report("regression", tuple(f"$t{k}" for k in range(n)), None, {"test": part})
    report.plot(tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)
    figure = report.figure()
    points = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(points, np.stack([y[:, 0], y[:, 0] + 0.1], axis=1))


def test_numbers_that_are_all_the_same_are_drawn(tmp_path):
    y = np.full((5, 1), 3.0)
    report = Report("regression", ("y",), None, {"test": Part(5, {}, {}, None, (y, y * np.nan))})
    report.plot(tmp_path / "p.png")


def test_labels_show_how_many_were_found():
    counts = np.array([[[5, 1], [2, 8]], [[0, 0], [0, 0]]])
    part = Part(16, {}, {}, counts)
    figure = Report("multilabel", ("y",), ("a", "b"), {"test": part}).figure()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["8 of 10", "1 of 6", "0 of 0", "0 of 0"]


@pytest.mark.parametrize("n", [1, 200])
def test_bars_of_the_most_important_columns(n, tmp_path):
    names = tuple(f"column $ {k} with a name that is rather long" for k in range(n))
    found = Importance("accuracy", names, (0.5,) * n, (0.1,) * n, 30)
    draw_importance(found, tmp_path / "i.png", "t")
    figure = draw_importance(found, None)
    assert len(figure.axes[0].patches) == min(n, 25)
    assert figure.axes[0].patches[0].get_width() == pytest.approx(50.0)
    assert (figure.axes[0].get_title() != "") == (n > 25)


def test_what_was_written_can_be_read():
    for report in (of_classes(3), of_classes(2, rows=3)):
        again = Report.from_dict(report.to_dict())
        assert again.to_dict() == report.to_dict()
        assert str(again) == str(report)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": 2},
        {"parts": []},
        {"parts": {"test": 3}},
        {"parts": {"test": {"rows": 1, "figures": {"network": {"accuracy": "high"}}}}},
        {"parts": {"test": {"rows": 1, "figures": {"network": 0.5}}}},
        {"warnings": None},
    ],
)
def test_what_is_no_report_is_refused(changes):
    with pytest.raises(ValueError, match=r"report|could not convert"):
        Report.from_dict({**of_classes(2).to_dict(), **changes})
    with pytest.raises(ValueError, match="no report of bpnet"):
        Report.from_dict([])
