"""The processes of one training run: rank 0 alone reads settings, prints and writes files."""

from __future__ import annotations

import argparse
import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from time import sleep
from typing import Any, TypeVar

from .._lib.constraints import Integer
from .._lib.registry import check_name
from .._lib.wording import count
from ..backends import Backend, get_backend
from ..network import Network
from ..parallel import Communicator, SerialCommunicator, communicator_of
from ..parallel.first_rank import of_first_rank
from ..parallel.launch import NAMES
from ..parallel.launched import launched_rank, launched_size, launcher
from ..tabular.recipe import Settings
from ..training.parallel.rank import as_rank
from .errors import RunError, UsageError, code_of, in_words, tell, usage

__all__ = [
    "OFF",
    "Ranks",
    "ToldElsewhereError",
    "communicator_for",
    "engine_of",
    "joined",
    "told_once",
]

OFF = "off"
_FOR_RANK_0 = 1.0  # seconds in which it tells: launchers end all ranks when the first one ends

T = TypeVar("T")


class ToldElsewhereError(Exception):
    """An error of all ranks, which rank 0 has told: what is left is to end with its exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextlib.contextmanager
def told_once() -> Iterator[None]:
    """While entered, a mistake in what all ranks were given is told by rank 0 alone.

    For what comes before the ranks are joined.
    """
    try:
        yield
    except UsageError as error:
        if launched_rank() == 0:
            raise
        sleep(_FOR_RANK_0)
        raise ToldElsewhereError(code_of(error)) from error


def joined(options: argparse.Namespace) -> Ranks:
    """The ranks that mpiexec or torchrun started, or this process alone.

    Parameters
    ----------
    options : argparse.Namespace
        ``parallel`` may be among them.

    Raises
    ------
    UsageError
        If there is no such engine, or it does not go with what started the processes.
    """
    asked = getattr(options, "parallel", None)
    if asked is not None:
        check_name(asked, (*NAMES, OFF), "parallel")
    name = launcher() if launched_size() > 1 else ""
    if asked in ("mpi", "torch"):
        name = asked
    if not name or asked in ("serial", OFF):
        return Ranks(SerialCommunicator())
    hint = "" if asked else "\n--parallel off trains in each process by itself"
    return Ranks(communicator_for(name, get_backend("numpy"), hint))


def communicator_for(engine: str, backend: Backend, hint: str = "") -> Communicator:
    """The communicator of that name, for a network of that backend.

    Raises
    ------
    UsageError
        If there cannot be one.
    """
    try:
        communicator = communicator_of(engine, backend)
    except (ImportError, RuntimeError, ValueError) as error:
        told = in_words(error).replace("net.to(backend='cupy')", "--backend cupy")
        told = re.sub(r"parallel='(\w+)'", r"--parallel \1", told)
        raise UsageError(f"{told}{hint}") from error
    assert communicator is not None  # engine is not None
    return communicator


def engine_of(asked: Settings, ranks: Ranks, resumes: bool) -> str | None:
    """What is to join the ranks of a fit; None for a fit that knows of no ranks.

    It is taken from the settings, since a run can go on with another one; the number of blocks,
    which its bits depend on, stays there.

    Raises
    ------
    UsageError
        If the settings contradict each other, or what was started.
    """
    engine: str | None = asked.pop("parallel", None)
    if engine is not None:
        check_name(engine, (*NAMES, OFF), "parallel")
    if engine == OFF and "blocks" in asked:
        raise UsageError("--blocks goes with training by ranks, and --parallel is off")
    by_itself = engine == OFF or (resumes and "blocks" not in asked)
    if by_itself and ranks.communicator.size > 1:
        what = "a run that began in one process goes on in one" if resumes else "parallel is off"
        raise UsageError(
            f"{what}, and {ranks.communicator.size} were started: start one"
            + ("" if resumes else ", or give --parallel off as a flag")
        )
    if by_itself:
        return None
    if engine is None:
        several = ranks.communicator.size > 1
        engine = ranks.communicator.name if several or launcher() or "blocks" in asked else None
    if engine is not None:
        Integer(0)("blocks", asked.setdefault("blocks", _default_blocks()))
    return engine


def _default_blocks() -> int:
    """How many parts a fit makes of a mini-batch, unless told otherwise."""
    defaults: Any = Network.fit.__kwdefaults__
    found: int = defaults["blocks"]
    return found


class Ranks:
    """The ranks of a run, before and after its fit.

    Parameters
    ----------
    communicator : Communicator

    Attributes
    ----------
    communicator : Communicator
    first : bool
        Whether this is rank 0.
    """

    def __init__(self, communicator: Communicator) -> None:
        self.communicator = communicator
        self.first = communicator.rank == 0

    def of_first(self, make: Callable[[], T]) -> T:
        """What a function gives on rank 0, on every rank; its error there, too."""
        return of_first_rank(self.communicator, make)

    def on_first(self, do: Callable[[], object]) -> None:
        """Do something on rank 0 alone; its error is raised on every rank."""
        self.of_first(lambda: do() and None)

    def in_words(self, engine: str, blocks: int) -> str:
        """How many there are, and how they share a mini-batch."""
        size = self.communicator.size
        parts = f"{count(blocks, 'part')} a mini-batch" if blocks else "a part of a mini-batch each"
        return f"ranks     {'1 process' if size == 1 else f'{size} processes'} by {engine}, {parts}"

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What each rank does by itself: all go on, or all raise what went wrong on one of them.

        Raises
        ------
        UsageError
            If what a user gave is wrong, as a file that a host lacks.
        RunError
            If something else is.
        """
        mine: Exception | None = None
        try:
            with usage():
                yield
        except Exception as error:
            mine = error
        told = self.communicator.gather_objects(
            mine and (socket.gethostname(), isinstance(mine, UsageError), in_words(mine))
        )
        failed = [rank for rank, one in enumerate(told) if one is not None]
        if mine is not None and len(failed) == len(told):
            raise mine
        if failed:
            host, asked, message = told[failed[0]]
            kind = UsageError if asked else RunError
            raise kind(f"rank {failed[0]} on {host}: {message}") from mine

    @contextlib.contextmanager
    def one_job(self, debug: bool) -> Iterator[None]:
        """A failure of one rank ends all of them; rank 0 tells what all raise, and notes.

        Parameters
        ----------
        debug : bool
            Whether it shows the traceback.
        """
        communicator = self.communicator
        if communicator.size == 1:
            yield
            return
        try:
            with as_rank(communicator):
                yield
        except BaseException as error:
            code = tell(error, debug) if self.first else code_of(error)
            communicator.barrier()  # told before any of them ends
            raise ToldElsewhereError(code) from error
