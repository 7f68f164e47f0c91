"""Communicators: several processes that train one network together, or one process alone.

The processes are started by ``mpiexec`` or ``torchrun``, and joined by MPI, NCCL or
``torch.distributed``: no transport is written here.
"""

from .communicator import Communicator
from .serial import SerialCommunicator

__all__ = ["Communicator", "SerialCommunicator"]
