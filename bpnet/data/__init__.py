"""Data to train on: digits, MNIST and a person's own tables."""

from bpnet.data._reading import read_table
from bpnet.data.dataset import Dataset
from bpnet.data.digits import load_digits
from bpnet.data.idx import read_idx
from bpnet.data.mnist import load_mnist
from bpnet.data.preprocessing import Preprocessing
from bpnet.data.tables import load_table

__all__ = [
    "Dataset",
    "Preprocessing",
    "load_digits",
    "load_mnist",
    "load_table",
    "read_idx",
    "read_table",
]
