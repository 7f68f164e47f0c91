"""Communicators: several processes that train one network together, or one process alone.

The processes are started by ``mpiexec`` or ``torchrun``, and joined by MPI, NCCL or
``torch.distributed``: no transport is written here.
"""

from .communicator import Communicator
from .launch import communicator_of
from .launched import launcher, local_rank
from .serial import SerialCommunicator

__all__ = ["Communicator", "SerialCommunicator", "communicator_of", "launcher", "local_rank"]
