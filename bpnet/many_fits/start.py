"""Train a network many times: by seeds, by folds, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._lib.arguments import check_arguments
from .._lib.constraints import Boolean, Integer
from ..backends.devices import device_kind
from ..data.labels import found_classes, text_labels
from ..data.sources.base import Source
from ..data.sources.datasets import is_dataset
from ..network import Network
from ..training.settings import is_solver
from .callbacks import check_callbacks, resumable
from .folds import Fold, as_folds
from .here import train_here
from .one_fit import Work
from .processes import cores, jobs_of, pieces_of, progress_bar, train_in_processes
from .result import ManyFits, OneFit
from .samples import on_host
from .templates import maker_of
from .which import Which, as_seeds

__all__ = ["fit_many"]

_OWN = ("progress", "resume")


def fit_many(
    net: Network | Callable[[int], Network],
    x: Any,
    y: Any = None,
    *,
    epochs: int,
    seeds: int | Iterable[int] | None = None,
    folds: Any = None,
    n_jobs: int | None = None,
    callbacks: Any = (),
    progress: bool | None = None,
    **settings: Any,
) -> ManyFits:
    """Train a network once for each seed and each fold, in parallel processes.

    Each fit has one BLAS thread, however many processes there are, and the results are the same to
    the bit.

    Parameters
    ----------
    net : Network or callable
        What to train. It is left as it is: every fit begins with an untrained network like it, with
        the initial parameters of the fit's seed. A function ``net(seed)`` returns a network to
        train, of any kind or with parameters of its own.
    x, y : array
        As for `Network.fit`. Processes share one memory map; ``numpy.load(..., mmap_mode="r")`` is
        not even copied.
    epochs : int
        Of each fit.
    seeds : iterable of int, or int, optional
        A network each; a number is that many, from 0 on. By default that of the network, or 0.
    folds : int, array, iterable or splitter, optional
        Cross-validation: each fold is held out once. A number of folds, in which classes keep their
        shares; the fold of each row, shape (n,), -1 where it is never held out; pairs of row
        numbers ``(train, held out)``, or held-out ones alone; or an object of scikit-learn, as
        ``GroupKFold``, whose ``split(x, y)`` gives pairs. Held-out rows are the validation samples
        too, unless ``validation`` gives others.
    n_jobs : int, optional
        Processes at a time, -1 for all cores; 1 trains in this process. By default all cores; on a
        GPU, which processes would share, and without joblib 1.
    callbacks : iterable of Callback, or callable, optional
        Copied for each fit; the result has the copies. ``callbacks(which)`` returns those of one
        fit: ``which.seed``, ``which.fold`` and ``which.name``, for names of files.
    progress : bool, optional
        Show one progress bar for all, by default if standard error is a terminal.
    **settings : optional
        All others of `Network.fit`, but ``resume``.

    Returns
    -------
    ManyFits
        Networks, histories and scores in the order of seeds, then folds; printed, a summary. After
        Ctrl-C, which ends all processes, only those that were done.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As `Network.fit`, with a note that says which fit it was; the others are ended.
    ImportError
        If there are to be several processes, and joblib is not installed.
    RuntimeError
        If a process ended, as by want of memory.
    KeyboardInterrupt
        After a second Ctrl-C.

    Examples
    --------
    >>> import bpnet
    >>> x, y = [[0.0], [1.0], [2.0], [3.0]] * 5, [0, 0, 1, 1] * 5
    >>> net = bpnet.Network([1, 3, 2], activations="tanh", cost="log_likelihood", dtype="float64")
    >>> fits = bpnet.fit_many(
    ...     net, x, y, seeds=3, epochs=300, batch_size=4, optimizer="adam", n_jobs=1
    ... )
    >>> print(fits[0].which, len(fits.networks), fits.scores)
    seed 0 3 [1. 1. 1.]
    """
    settings = _checked(settings)
    epochs, progress = Integer(0)("epochs", epochs), Boolean(optional=True)("progress", progress)
    make = maker_of(net)
    if seeds is None:
        seeds = [net.seed if isinstance(net, Network) else 0]
    chosen = as_seeds(seeds)
    first = make(chosen[0])
    given = on_host(x, first.backend), on_host(y, first.backend)
    parts = None if folds is None else _folds(folds, *given, first)
    fits = [Which(s, k) for s in chosen for k in ([None] if parts is None else range(len(parts)))]
    jobs = min(_jobs(n_jobs, first), len(fits))
    if jobs > 1 or parts is not None:
        x, y = given
        settings = {name: _host(one, first) for name, one in settings.items()}
    callbacks = check_callbacks(callbacks, len(fits))
    work = Work(x, y, parts, {"epochs": epochs, **settings}, callbacks)
    make = _with_classes(make, y)
    with progress_bar(epochs * len(fits), "fits", "epoch", progress) as show:
        if jobs == 1:
            found, cut_short = train_here(work, fits, make, epochs=epochs, show=show)
        else:
            whole = not resumable(callbacks) or is_solver(settings["optimizer"]) or y is None
            found, cut_short = train_in_processes(
                work,
                fits,
                make,
                jobs=jobs,
                pieces=1 if whole else pieces_of(len(fits), jobs),
                epochs=epochs,
                show=show,
            )
    done = [
        OneFit(fits[k], one.net, one.history, one.score, one.callbacks, *_rows(parts, fits[k]))
        for k, one in sorted(found.items())
    ]
    return ManyFits(
        done,
        scored=_scored(parts, settings["validation"]),
        stopped="interrupted" if cut_short else "completed",
        asked=len(fits),
    )


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of `Network.fit`, with the defaults of those not given."""
    defaults: dict[str, Any] = dict(Network.fit.__kwdefaults__ or {})
    if "resume" in settings:
        raise TypeError("fit_many begins every fit anew: resume is for Network.fit")
    known = {name: one for name, one in defaults.items() if name not in (*_OWN, "callbacks")}
    check_arguments("fit_many", settings, [*known, "epochs", "seeds", "folds", "n_jobs"])
    return {**known, **settings}


def _jobs(given: int | None, net: Network) -> int:
    """Number of processes at a time."""
    if given is None:
        return cores() if device_kind(net.device) not in ("cuda", "mps", "xpu", "gpu") else 1
    return jobs_of(given, "n_jobs")


def _host(value: Any, net: Network) -> Any:
    if isinstance(value, tuple):
        return tuple(on_host(one, net.backend) for one in value)
    return on_host(value, net.backend)


def _folds(folds: Any, x: Any, y: Any, net: Network) -> list[Fold]:
    if y is None or isinstance(x, Source) or is_dataset(x):
        raise TypeError("folds divide arrays: give x and y, not a source")
    rows = x.shape[0] if hasattr(x, "shape") else len(x)
    targets = y.shape[0] if hasattr(y, "shape") else len(y)
    if rows != targets:
        raise ValueError(f"x has {rows} rows, and y has {targets}: one target for each is needed")
    return as_folds(folds, x, y, rows, net)


def _with_classes(make: Callable[[int], Network], y: Any) -> Callable[[int], Network]:
    """Networks that know all classes of labels that are text, though a fold may lack one."""
    labels = None if y is None else text_labels(y)
    if labels is None:
        return make

    def named(seed: int) -> Network:
        net = make(seed)
        if net.classes is None:
            net.classes = found_classes(labels, net.model.class_count, net.sizes[-1], "y")
        return net

    return named


def _rows(parts: list[Fold] | None, which: Which) -> tuple[Any, Any]:
    return (None, None) if parts is None or which.fold is None else parts[which.fold]


def _scored(parts: list[Fold] | None, validation: Any) -> str:
    if parts is not None:
        return "held-out rows"
    return "training samples" if validation is None else "validation samples"
