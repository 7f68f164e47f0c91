"""The report on a trained network, in its run folder and in the terminal."""

from __future__ import annotations

import warnings

from ..data import Dataset
from ..network import Network
from ..tabular import Report, make_report
from ..tabular.run_files import report_files
from .errors import in_words
from .run_folder import RunFolder

__all__ = ["write_report"]


def write_report(net: Network, data: Dataset, folder: RunFolder, title: str) -> Report | None:
    """Judge the network, and write figures and pictures; None, and a note, where that fails.

    The model is saved by then, and nothing that goes wrong here may take it away.
    """
    try:
        report = make_report(net, data)
        folder.write_all(report_files(report, title))
    except Exception as error:
        warnings.warn(
            f"no report was made: {type(error).__name__}: {in_words(error)}", stacklevel=2
        )
        return None
    return report
