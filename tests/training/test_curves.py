"""The picture of a history: scales, the legend and the best epoch."""

import io

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from bpnet.training.curves import draw_curves


def drawn(best=None, **columns):
    epochs = list(range(1, 1 + len(next(iter(columns.values())))))
    return draw_curves({"epoch": epochs, **columns, "seconds": epochs}, best)


@pytest.mark.parametrize(
    ("column", "train", "validation", "scale"),
    [
        ("cost", [2.0, 0.5, 0.01], [2.0, 0.7, 0.5], "log"),
        ("cost", [2.0, 0.5, 0.2], [2.0, 0.7, 0.5], "linear"),
        ("cost", [0.1, 0.2, 1e9], [0.1, 0.2, 1e9], "log"),
        ("cost", [0.5, 0.01, 0.0], [0.5, 0.2, 0.1], "linear"),
        ("cost", [3.0, float("inf"), 0.02], [3.0, float("nan"), 1.0], "log"),
        ("log_loss", [0.9, 0.2, 0.01], [0.9, 0.4, 0.3], "log"),
        ("accuracy", [0.01, 0.5, 0.9], [0.01, 0.4, 0.8], "linear"),
    ],
)
def test_what_goes_far_has_a_logarithmic_scale(column, train, validation, scale):
    figure = drawn(**{f"train_{column}": train, f"validation_{column}": validation})
    assert figure.axes[0].get_yscale() == scale


def test_one_legend_names_the_curves_and_the_best_epoch():
    columns = {
        f"{kind}_{what}": [3.0, 2.0, 1.0]
        for what in ("cost", "accuracy", "f1")
        for kind in ("train", "validation")
    }
    figure = drawn(best=2, **columns)
    assert all(axis.get_legend() is None for axis in figure.axes)
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["train", "validation", "best epoch (2)"]
    for axis in figure.axes:
        lines = {line.get_label(): line for line in axis.get_lines()}
        assert list(lines["best epoch (2)"].get_xdata()) == [2, 2]
    figure.savefig(io.BytesIO())


def test_a_history_of_one_epoch_has_points_around_a_whole_number():
    figure = drawn(best=1, train_cost=[0.5], validation_cost=[0.6])
    axis = figure.axes[0]
    assert axis.get_xlim() == (0, 2)
    assert [line.get_marker() for line in axis.get_lines()[:2]] == ["o", "o"]


def test_r2_far_below_the_mean_is_cut_off():
    def lowest(*figures):
        return drawn(train_r2=list(figures)).axes[0].get_ylim()[0]

    assert lowest(-300.0, 0.2, 0.9) == -1.0
    assert 0.0 < lowest(0.2, 0.9) < 0.2
    assert lowest(-300.0, -20.0) < -300.0
