"""Training by several ranks, measured and modelled: ``python -m benchmarks.scaling --help``."""
