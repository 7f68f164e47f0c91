"""Pictures drawn with matplotlib: figures in one style, written to files.

Figures are made without pyplot, so that no window, global state or setting of the user's is
touched.
"""

from __future__ import annotations

import os
from typing import Any

from .atomic import write_atomically
from .files import as_path
from .install import pip_install

__all__ = [
    "BLUE",
    "GRAY",
    "RED",
    "drawn",
    "make_figure",
    "save_figure",
    "style_axes",
]

BLUE, RED, GRAY = "#4477aa", "#cc6677", "#888888"


def make_figure(
    size: tuple[float, float], rows: int = 1, columns: int = 1, *, shared: bool = False
) -> tuple[Any, list[Any]]:
    """Make a figure of panels.

    Parameters
    ----------
    size : tuple of float
        Width and height of the whole in inches.
    rows, columns : int, optional
    shared : bool, optional
        Whether all panels have the same axes.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : list of matplotlib.axes.Axes
        Row by row.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message says what to install.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"a picture needs matplotlib: {pip_install('matplotlib')}") from error
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared)
    return figure, list(axes.flat)


def style_axes(axes: Any, *, legend: bool = True) -> None:
    """Give a panel a faint grid, no frame above and right, and a legend without one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Drawn already: a legend names what is there.
    legend : bool, optional
    """
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if legend:
        axes.legend(frameon=False)


def save_figure(figure: Any, path: str | os.PathLike[str], title: str = "") -> None:
    """Write a figure to a PNG, SVG or PDF file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        The suffix says the format.
    title : str, optional
        Above all panels.

    Raises
    ------
    OSError
        If the file cannot be written; one that was there is kept.
    ValueError
        If there is no such format.
    """
    if title:
        figure.suptitle(title, fontsize=10)
    path = as_path(path)
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1]
    content = drawn(figure, suffix[1:] or "png")
    write_atomically(path if suffix else f"{name}.png", content)


def drawn(figure: Any, format: str = "png", dpi: float = 150) -> bytes:
    """A figure as the content of a file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    format : {"png", "svg", "pdf", ...}, optional
    dpi : float, optional
        Pixels per inch.
    """
    import io
    import warnings

    content = io.BytesIO()
    with warnings.catch_warnings():  # boxes in place of letters are seen in the picture
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(content, dpi=dpi, format=format)
    return content.getvalue()
