"""Figures where the user looks: below a notebook's cell, or in a window.

pyplot's list of figures, its current figure and the user's choice of a backend stay as they are.
"""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from typing import Any

from .plotting import drawn, save_figure

__all__ = ["save_or_show", "show_figure"]

_INCH = 96  # pixels of a notebook's picture per inch


def save_or_show(
    figure: Any, path: str | os.PathLike[str] | None, title: str = "", *, way_out: str
) -> None:
    """Write a figure to a file; without a path, show it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path or None
    title : str, optional
        Above all panels.
    way_out : str
        Code that writes the figure to a file, for the warning where it cannot be shown.

    Warns
    -----
    UserWarning
        If there is no path, no notebook and no display.
    """
    if path is not None:
        save_figure(figure, path, title)
        return
    if title:
        figure.suptitle(title, fontsize=10)
    show_figure(figure, way_out)


def show_figure(figure: Any, way_out: str) -> None:
    """Show a figure below a notebook's cell, or else in a window until that is closed.

    In an interactive session the window stays open meanwhile.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    way_out : str
        Code that writes the figure to a file.

    Warns
    -----
    UserWarning
        If there is neither; with the way out.
    """
    if _in_notebook():
        shown: Any = import_module("IPython.display")
        width = round(_INCH * figure.get_figwidth())
        shown.display(shown.Image(drawn(figure, "png"), width=width))
        return
    reason = _why_no_window()
    manager = None
    if not reason:
        manager, reason = _window(figure)
    if manager is None:
        warnings.warn(
            f"the picture cannot be shown here, {reason}: {way_out} writes it to a file",
            stacklevel=4,
        )
        return
    manager.show()
    if not _is_interactive():
        closed = figure.canvas.mpl_connect(
            "close_event", lambda event: event.canvas.stop_event_loop()
        )
        figure.canvas.start_event_loop()
        figure.canvas.mpl_disconnect(closed)


def _in_notebook() -> bool:
    """Whether an IPython kernel runs the code, which has a page to show pictures on."""
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    return getattr(shell, "kernel", None) is not None


def _is_interactive() -> bool:
    """Whether someone types at a prompt, which a window must not block."""
    return hasattr(sys, "ps1") or bool(sys.flags.interactive) or _in_ipython()


def _in_ipython() -> bool:
    module = sys.modules.get("IPython")
    return module is not None and module.get_ipython() is not None


def _why_no_window() -> str:
    """What is known to be missing, before matplotlib looks for it; empty if nothing is."""
    display = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in display):
        return "as there is no display"
    return ""


def _window(figure: Any) -> tuple[Any, str]:
    """A window with the figure that pyplot does not know of; or None, and why there is none."""
    from matplotlib import pyplot

    try:
        manager = pyplot.new_figure_manager(1, FigureClass=lambda **_: figure)
    except ImportError as error:  # the backend that the user chose cannot work here
        return None, f"as matplotlib says ({error})"
    if getattr(figure.canvas, "required_interactive_framework", None) is None:
        return None, f"as matplotlib's backend {pyplot.get_backend()} has no windows"
    return manager, ""
