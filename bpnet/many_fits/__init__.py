"""Many fits of one network, by seeds and folds, in parallel processes."""

from .result import ManyFits, OneFit
from .start import fit_many
from .which import Which

__all__ = ["ManyFits", "OneFit", "Which", "fit_many"]
