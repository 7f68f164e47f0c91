"""Figures without a path: in a notebook, in a window, and where there is neither."""

import sys
import types
import warnings

import numpy as np
import pytest

import bpnet
from bpnet import schedules
from bpnet._lib import showing
from bpnet._lib.plotting import make_figure
from bpnet.rate_finder import RateTest
from bpnet.tabular.report import Part, Report

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def history():
    net = bpnet.Network([1, 1], seed=0)
    return net.fit([[0.0], [1.0]], [[0.0], [1.0]], epochs=3)


def rate_test():
    rates = np.logspace(-4, 0, 5)
    return RateTest(rates, np.asarray([1.0, 0.9, 0.6, 0.3, 2.0]), width=0.1)


def report():
    part = Part(4, {}, {}, np.array([[3, 1], [0, 0]]))
    return Report("classification", ("y",), ("no", "yes"), {"test": part})


PLOTS = {
    "report.plot('report.png')": lambda: report().plot(),
    "history.plot('curves.png')": lambda: history().plot(),
    "test.plot('rates.png')": lambda: rate_test().plot(title="rates"),
    "bpnet.schedules.plot(..., path='rates.png')": lambda: schedules.plot(
        schedules.Cosine(0.1, 50), 50
    ),
}


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)


@pytest.mark.parametrize("way_out", PLOTS)
def test_without_a_display_a_warning_names_the_way_out(no_display, way_out):
    before = "matplotlib.pyplot" in sys.modules
    with pytest.warns(UserWarning, match="cannot be shown here") as caught:
        PLOTS[way_out]()
    (one,) = caught
    assert str(one.message) == (
        f"the picture cannot be shown here, as there is no display: {way_out} writes it to a file"
    )
    assert one.filename == __file__
    assert ("matplotlib.pyplot" in sys.modules) == before


@pytest.mark.parametrize("way_out", PLOTS)
def test_a_notebook_shows_it_below_the_cell(no_display, monkeypatch, way_out):
    shown = []
    module = types.ModuleType("IPython")
    module.version_info = (9, 0, 0)
    module.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    display = types.ModuleType("IPython.display")
    display.Image = lambda content, width: (content, width)
    display.display = shown.append
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    before = "matplotlib.pyplot" in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert PLOTS[way_out]() is None
    ((content, width),) = shown
    assert content.startswith(b"\x89PNG")
    assert 100 < width < 2000
    assert ("matplotlib.pyplot" in sys.modules) == before


def window_backend(monkeypatch, framework):
    """A backend of matplotlib whose windows are told what happens to them."""
    from matplotlib import backend_bases, cbook
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    told = []

    class Manager(backend_bases.FigureManagerBase):
        def show(self):
            told.append("shown")

    class Canvas(FigureCanvasAgg):
        required_interactive_framework = framework
        manager_class = Manager

        def start_event_loop(self, timeout=0):
            told.append("waits")
            self.callbacks.process("close_event", backend_bases.CloseEvent("close_event", self))

        def stop_event_loop(self):
            told.append("closed")

    module = types.ModuleType("windows_of_tests")
    module.FigureCanvas, module.FigureManager = Canvas, Manager
    monkeypatch.setitem(sys.modules, "windows_of_tests", module)
    monkeypatch.setattr(cbook, "_get_running_interactive_framework", lambda: None)
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(showing, "_why_no_window", lambda: "")
    return told


@pytest.fixture
def backend_kept():
    """matplotlib's backend and pyplot's figures, put back and held to be as they were."""
    import matplotlib
    from matplotlib import pyplot

    before = matplotlib.get_backend()
    yield pyplot
    pyplot.close("all")
    pyplot.switch_backend(before)


@pytest.mark.parametrize("way_out", PLOTS)
def test_a_window_waits_until_it_is_closed(monkeypatch, backend_kept, way_out):
    told = window_backend(monkeypatch, "of tests")
    backend_kept.switch_backend("module://windows_of_tests")
    mine = backend_kept.figure(7)
    monkeypatch.delattr(sys, "ps1", raising=False)
    monkeypatch.setattr(showing, "_is_interactive", lambda: False)
    PLOTS[way_out]()
    assert told == ["shown", "waits", "closed"]
    monkeypatch.setattr(showing, "_is_interactive", lambda: True)
    PLOTS[way_out]()
    assert told[3:] == ["shown"]
    assert backend_kept.get_fignums() == [7]
    assert backend_kept.gcf() is mine
    assert backend_kept.get_backend() == "module://windows_of_tests"


def test_a_backend_without_windows_is_named(monkeypatch, backend_kept):
    window_backend(monkeypatch, None)
    backend_kept.switch_backend("agg")
    with pytest.warns(UserWarning, match=r"as matplotlib's backend agg has no windows: history.pl"):
        history().plot()
    assert backend_kept.get_fignums() == []


def test_a_prompt_is_not_blocked(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert showing._is_interactive()
    monkeypatch.delattr(sys, "ps1")
    assert not showing._is_interactive()
    shell = types.ModuleType("IPython")
    shell.get_ipython = types.SimpleNamespace
    monkeypatch.setitem(sys.modules, "IPython", shell)
    assert showing._is_interactive()
    assert not showing._in_notebook()


def test_the_title_is_above_all_panels(no_display):
    figure, _ = make_figure((4.0, 3.0))
    with pytest.warns(UserWarning, match="no display"):
        showing.save_or_show(figure, None, "above", way_out="it")
    assert figure.get_suptitle() == "above"
