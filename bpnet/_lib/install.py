"""What installs the libraries that bpnet can do without.

Each by its own package: bpnet's extras need a release of bpnet in the index that pip asks.
"""

from __future__ import annotations

__all__ = ["REQUIREMENTS", "pip_install"]

REQUIREMENTS = {
    "numpy": "numpy>=2",
    "cupy": "cupy-cuda13x[ctk]>=14",
    "cupy for CUDA 12": "cupy-cuda12x[ctk]>=14",
    "torch": "torch>=2.5",
    "jax": "jax>=0.4.35",
    "jax for cuda": "jax[cuda13]>=0.8",
    "matplotlib": "matplotlib>=3.8",
    "pyarrow": "pyarrow>=15",
    "scikit-learn": "scikit-learn>=1.9",
    "scipy": "scipy>=1.11",
    "joblib": "joblib>=1.4",
    "dp-accounting": "dp-accounting>=0.6",
    "tensorboardX": "tensorboardX>=2.6.3",
    "mpi4py": "mpi4py>=4",
    "mpich": "mpich>=4.3",
}


def pip_install(library: str) -> str:
    """The command that installs a library.

    >>> pip_install("matplotlib")
    'pip install "matplotlib>=3.8"'
    """
    return f'pip install "{REQUIREMENTS[library]}"'
