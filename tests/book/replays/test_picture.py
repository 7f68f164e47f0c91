"""The picture of replayed curves."""

from book.replays._programs import PROGRAM
from book.replays.test_comparison import curves

from bpnet.book.replays.picture import draw


def test_a_panel_for_each_thing_that_is_monitored():
    figure = draw([PROGRAM], {"small": curves()}, {"small": curves()})
    panels = [axis for axis in figure.axes if axis.get_visible()]
    labels = [axis.get_ylabel() for axis in panels]
    assert labels == [
        "evaluation cost",
        "evaluation accuracy, %",
        "training cost",
        "training accuracy, %",
    ]
    names = [line.get_label() for line in panels[0].get_lines()]
    assert names == [
        f"{arm}, {kind}" for arm in ("default", "large") for kind in ("published", "replayed")
    ]
    accuracy = panels[1].get_lines()[0]
    assert accuracy.get_xdata().tolist() == [1, 2, 3]
    assert accuracy.get_ydata().tolist() == [0.05, 0.06, 0.07]
    assert len(panels[2].get_lines()) == 6


def test_without_published_curves_there_are_the_replayed_ones():
    figure = draw([PROGRAM], {"small": curves()}, {})
    assert [line.get_label() for line in figure.axes[0].get_lines()] == [
        "default, replayed",
        "large, replayed",
    ]
