"""The modules of the book's programs, on this library: network, network2, mnist_loader.

A program written for the book's modules runs unchanged, but for the syntax of Python 2: with this
folder on ``sys.path`` and ``import network2``, or with ``from bpnet.book import network2``. Seeded
runs give the book's results: here, and only here, the global streams of `random` and
`numpy.random` are used.

References
----------
M. Nielsen, Neural Networks and Deep Learning (2015), http://neuralnetworksanddeeplearning.com.
"""

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes

if TYPE_CHECKING:
    from . import mnist_loader as mnist_loader
    from . import network as network
    from . import network2 as network2

__all__ = ["mnist_loader", "network", "network2"]

__getattr__ = lazy_attributes(__name__, dict.fromkeys(__all__, ""))
