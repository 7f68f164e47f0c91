"""Snapshots of a fit by mini-batches: made, held against another fit, and gone back to."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._lib.wording import shortened
from ..model.arrays import check_running
from .callbacks.base import Callback
from .config import StepConfig
from .feeds import BatchFeed
from .fit_identity import first_difference, in_words, network_settings
from .history import History
from .model_file import model_header
from .packing import packed, unpacked
from .scoring import EpochScorer
from .snapshot import Snapshot
from .snapshot_checks import unpacked_state
from .state import Counters, TrainingState, map_arrays
from .store import with_penalty
from .sums import EpochSums
from .trainable import Trainable

__all__ = ["Progress", "check_same_fit", "restored_progress", "take_snapshot"]

_REFUSED = "this fit cannot resume the one of the checkpoint"
_WAY_OUT = "; give the same, or train the network of bpnet.load(checkpoint) in a new fit"


def take_snapshot(
    trainable: Trainable,
    *,
    state: TrainingState | None,
    whole: TrainingState | None,
    sums: EpochSums,
    callbacks: Iterable[Callback],
    run: dict[str, Any],
    steps: int,
    rate_factor: float,
    block_steps: int,
    began: float,
    first_epoch: int,
    history: History,
    stopped: str | None,
    at_once: bool,
) -> Snapshot:
    """Where a fit stands, at the end of a block of steps or of an epoch.

    Parameters
    ----------
    trainable : Trainable
    state : TrainingState or None
        Of the epoch in progress; None between two epochs.
    whole : TrainingState or None
        After the last full epoch, to which the epoch in progress goes back if its cost proves not
        to be finite; None between two epochs.
    sums : EpochSums
        Of the epoch in progress.
    callbacks : iterable of Callback
    run : dict
        What a fit that resumes must have in common with this one.
    steps : int
        Of the network, this epoch's included.
    rate_factor, block_steps, first_epoch, history, stopped, at_once
        As the fit has them.
    began : float
        `time.perf_counter` at the beginning of the epoch.
    """
    backend, store = trainable.backend, trainable.store
    within = sums.steps > 0
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    counters = store.counters
    before = whole._replace(memory=()) if within and whole is not None else ()
    header = {
        "network": model_header(trainable._replace(task_is_open=False), counters),
        "state": packed(map_arrays(backend.to_numpy, state or store.state), "state", arrays),
        "whole": packed(map_arrays(backend.to_numpy, before), "whole", arrays),
        "tally": packed(sums.state(backend) if within else None, "tally", arrays),
        "callbacks": [
            [type(one).__name__, packed(kept, f"callback{k}", arrays)]
            for k, (one, kept) in enumerate(_with_state(callbacks))
        ],
        "run": run,
        "epochs": counters.epochs,
        "steps": steps,
        "since": counters.optimizer_began,
        "rate_factor": rate_factor,
        "block_steps": block_steps,
        "seconds": sums.seconds + (time.perf_counter() - began if within else 0.0),
        "first_epoch": first_epoch,
        "history": [dict(row) for row in history.rows],
        "stopped": stopped,
        "at_once": at_once,
    }
    return Snapshot(arrays, header)


def check_same_fit(
    snapshot: Snapshot, identity: dict[str, Any], callbacks: Iterable[Callback]
) -> None:
    """Check that a snapshot is of a fit like this one.

    Parameters
    ----------
    snapshot : Snapshot
    identity : dict
        This fit's, as `take_snapshot` was given the other's.
    callbacks : iterable of Callback

    Raises
    ------
    ValueError
        If it is not; the message names the first difference and both values.
    """
    theirs = {**snapshot.header["run"], "callbacks": [n for n, _ in snapshot.header["callbacks"]]}
    names = [type(one).__name__ for one, _ in _with_state(callbacks)]
    settings = {**identity.pop("settings"), **network_settings(identity.pop("network"))}
    saved = {**theirs.get("settings", {}), **network_settings(snapshot.header["network"])}
    for what, mine in {**identity, "callbacks": names}.items():
        if theirs.get(what) != mine:
            its = shortened(repr(theirs.get(what)), 1000)
            raise ValueError(f"{_REFUSED}: its {what} is {its}, here it is {mine!r}{_WAY_OUT}")
    if differs := first_difference(saved, settings):
        what, *both = differs
        its, own = (shortened(in_words(one), 1000) for one in both)
        raise ValueError(f"{_REFUSED}: its {what} is {its}, here it is {own}{_WAY_OUT}")


class Progress(NamedTuple):
    """What a snapshot holds, on the device again.

    Parameters
    ----------
    published : TrainingState
        After the last full epoch.
    counters : Counters
        Of that moment.
    state : TrainingState or None
        Of the epoch in progress; None between two epochs.
    sums : EpochSums or None
        Of the epoch in progress.
    kept : list
        States of callbacks.
    """

    published: TrainingState
    counters: Counters
    state: TrainingState | None
    sums: EpochSums | None
    kept: list[Any]

    def callback_states(
        self, callbacks: Sequence[Callback]
    ) -> Iterator[tuple[Callback, dict[str, Any]]]:
        """Each callback with its state, an empty one where nothing was kept."""
        pairs = zip(_with_state(callbacks), self.kept, strict=True)
        kept = {id(one): state for (one, _), state in pairs}
        return ((one, kept.get(id(one), {})) for one in callbacks)


def restored_progress(
    snapshot: Snapshot,
    trainable: Trainable,
    config: StepConfig,
    feed: BatchFeed,
    scorer: EpochScorer,
) -> Progress:
    """What a snapshot holds, on the device again.

    Parameters
    ----------
    snapshot : Snapshot
    trainable : Trainable
        The network that resumes, with the state that its optimizer needs.
    config : StepConfig
    feed : BatchFeed
    scorer : EpochScorer

    Raises
    ------
    ValueError
        If an array has another shape than this fit has, or the epoch in progress cannot be one of
        this fit.
    """
    header, arrays, backend = snapshot.header, snapshot.arrays, trainable.backend

    def moved(name: str, like: TrainingState) -> Any:
        state = unpacked_state(name, header, arrays)
        theirs, mine = map_arrays(_shape, state), map_arrays(_shape, like)
        if theirs != mine:
            raise ValueError(
                f"{_REFUSED}: its parameters, the optimizer's memory, running and moving averages "
                f"have shapes {tuple(theirs)}, here they are {tuple(mine)}"
            )
        for running in state.running:
            check_running(trainable.model.architecture, running)
        return map_arrays(lambda one: backend.from_host(one, backend.dtype), state)

    like, tally = trainable.store.state, unpacked(header["tally"], arrays)
    state = moved("state", like if tally is None else with_penalty(like, config, backend))
    counters = Counters(header["epochs"], header["steps"], header["since"])
    published, sums = state._replace(penalty=()), None
    if tally is not None:
        _check_tally(tally, feed, scorer)
        sums = EpochSums.restored(tally, backend)
        sums.seconds = header["seconds"]
        if not header["at_once"]:
            before = moved("whole", like._replace(memory=()))
            published = before._replace(memory=state.memory)
            counters = counters.replaced(steps=counters.steps - sums.steps)
    kept = [unpacked(one, arrays) for _, one in header["callbacks"]]
    return Progress(published, counters, state if sums is not None else None, sums, kept)


def _check_tally(
    tally: Mapping[str, np.ndarray[Any, Any]], feed: BatchFeed, scorer: EpochScorer
) -> None:
    """Check that what an epoch in progress has added up can be that of a fit.

    Raises
    ------
    ValueError
        If it cannot.
    """
    steps, samples = len(tally["costs"]), int(tally["counts"].sum())
    expected = min(steps * feed.batch_size, feed.samples)
    if steps > feed.steps_per_epoch or samples != expected:
        raise ValueError(
            f"{_REFUSED}: {steps} steps of its epoch had {samples} samples; "
            f"here an epoch has {feed.steps_per_epoch} steps of up to {feed.batch_size}"
        )
    for what, (shape, kind) in scorer.tally_of(len(tally["counts"]), samples).items():
        array = tally[what]
        if array.shape != shape or (array.size and array.dtype.kind != kind):
            raise ValueError(
                f"{_REFUSED}: its {what} of an epoch are {array.dtype} of shape {array.shape}, "
                f"here they have shape {shape}"
            )


def _with_state(callbacks: Iterable[Callback]) -> list[tuple[Callback, dict[str, Any]]]:
    """The callbacks that a snapshot keeps something of, and what."""
    kept = [(one, one.state()) for one in callbacks]
    return [(one, state) for one, state in kept if state]


def _shape(array: Any) -> tuple[int, ...]:
    return tuple(array.shape)
