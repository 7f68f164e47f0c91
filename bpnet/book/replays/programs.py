"""The book's programs whose results are published: what each of them trains, in its order.

All are ``[784, n, 10]`` networks with the cross-entropy cost and mini-batches of 10. All seed both
random streams with 12345678, once: an arm goes on where the one before left them.

References
----------
M. Nielsen, https://github.com/mnielsen/neural-networks-and-deep-learning, folder ``fig``.
"""

from __future__ import annotations

from ..._lib.frozen import Frozen
from ..._lib.registry import check_name

__all__ = ["MONITORED", "PROGRAMS", "SEED", "Arm", "Program", "program"]

SEED = 12345678
MONITORED = ("evaluation cost", "evaluation accuracy", "training cost", "training accuracy")
"""The four lists that ``SGD`` returns, in its order."""

_VALIDATION = ("evaluation accuracy",)


class Arm(Frozen):
    """One training of a program.

    Parameters
    ----------
    name : str
    eta, lmbda : float
    epochs : int
    hidden : int
        Neurons of the hidden layer.
    large : bool, optional
        Whether parameters are drawn again, by the large initializer.
    anew : bool, optional
        Whether the arm makes a network; without it, it goes on with that of the arm before.
    images : int, optional
        Number of images to train on, the first of all.
    on_test : bool, optional
        Whether the test images are evaluated on, and not those to validate.
    monitored : tuple of str, optional
        Which of `MONITORED` are computed after each epoch.
    """

    name: str
    eta: float
    lmbda: float
    epochs: int
    hidden: int = 30
    large: bool = False
    anew: bool = True
    images: int = 50_000
    on_test: bool = False
    monitored: tuple[str, ...] = _VALIDATION


class Program(Frozen):
    """A program of the book.

    Parameters
    ----------
    name : str
        Of the file with its results, ``NAME.json``.
    title : str
    arms : tuple of Arm
    """

    name: str
    title: str
    arms: tuple[Arm, ...]


def _weight_initialization(hidden: int) -> Program:
    return Program(
        f"weight_initialization_{hidden}",
        f"Weight initialization, {hidden} hidden neurons",
        (
            Arm("default weights", 0.1, 5.0, 30, hidden),
            Arm("large weights", 0.1, 5.0, 30, hidden, large=True, anew=False),
        ),
    )


def _overfitting(name: str, title: str, images: int, epochs: int, lmbda: float) -> Program:
    arm = Arm(
        f"lambda {lmbda:g}",
        0.5,
        lmbda,
        epochs,
        large=True,
        images=images,
        on_test=True,
        monitored=MONITORED,
    )
    return Program(name, title, (arm,))


_ALL = (
    _weight_initialization(30),
    _weight_initialization(100),
    Program(
        "multiple_eta",
        "Three learning rates",
        tuple(
            Arm(f"eta {eta:g}", eta, 5.0, 30, monitored=("training cost",))
            for eta in (0.025, 0.25, 2.5)
        ),
    ),
    _overfitting("overfitting", "1,000 images, no regularization", 1000, 400, 0.0),
    _overfitting("overfitting_full", "50,000 images, no regularization", 50_000, 30, 0.0),
    _overfitting("regularized", "1,000 images, regularized", 1000, 400, 0.1),
    _overfitting("regularized_full", "50,000 images, regularized", 50_000, 30, 5.0),
)
PROGRAMS = {one.name: one for one in _ALL}
"""By name."""


def program(name: str) -> Program:
    """A program by its name.

    Raises
    ------
    ValueError
        If there is none of that name; the message says which was probably meant.
    """
    return PROGRAMS[check_name(name, PROGRAMS, "program")]
