"""Which backends can compute here, and the error for those that cannot."""

from __future__ import annotations

from .._lib.frozen import Frozen

__all__ = ["Availability", "BackendUnavailableError"]


class BackendUnavailableError(RuntimeError):
    """The requested library or device cannot compute here; the message says why.

    Examples
    --------
    >>> import bpnet
    >>> try:
    ...     bpnet.get_backend("numpy", device="cuda")
    ... except bpnet.BackendUnavailableError as error:
    ...     print(error)
    numpy ... has no device 'cuda' here; it has cpu
    """


class Availability(Frozen):
    """What is known of one backend on this machine.

    Parameters
    ----------
    name : str
        ``"numpy"``, ``"cupy"``, ``"torch"``, ``"jax"`` or the name of a registered backend.
    version : str or None
        Version of the installed library; None where it is not installed, or not known.
    devices : tuple of str
        Devices it can compute on now, the first being its default.
    reason : str
        Why it cannot be used, or what it lacks; otherwise empty.
    """

    name: str
    version: str | None
    devices: tuple[str, ...]
    reason: str = ""

    @property
    def usable(self) -> bool:
        """Whether there is a device to compute on."""
        return bool(self.devices)
