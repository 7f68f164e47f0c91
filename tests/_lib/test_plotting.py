"""Figures: panels of one style, written to a file; and what is said without matplotlib."""

import sys

import pytest

from bpnet._lib.plotting import drawn, make_figure, save_figure, style_axes


@pytest.fixture
def matplotlib():
    return pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_figure_is_written_as_its_suffix_says(matplotlib, tmp_path, suffix):
    figure, axes = make_figure((4.0, 3.0), 2, 3)
    assert len(axes) == 6
    axes[0].plot([1, 2], [3, 4], label="cost")
    style_axes(axes[0])
    style_axes(axes[1], legend=False)
    save_figure(figure, tmp_path / f"it.{suffix}", "title")
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert (tmp_path / f"it.{suffix}").read_bytes().startswith(starts[suffix])
    assert figure.get_suptitle() == "title"
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["cost"]
    assert axes[1].get_legend() is None


def test_panels_share_their_axes_when_asked(matplotlib):
    for shared in (True, False):
        _, (left, right) = make_figure((4.0, 3.0), 1, 2, shared=shared)
        left.set_ylim(0.0, 7.0)
        assert (right.get_ylim() == (0.0, 7.0)) == shared


def test_drawing_leaves_pyplot_alone(matplotlib):
    before = "matplotlib.pyplot" in sys.modules
    make_figure((4.0, 3.0))
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "matplotlib>=3.8"'):
        make_figure((4.0, 3.0))


def test_letters_that_a_font_lacks_are_no_warning(matplotlib, recwarn):
    figure, (axes,) = make_figure((2, 2))
    axes.set_title("\u6240\u5f97")
    assert drawn(figure)
    assert not recwarn.list
