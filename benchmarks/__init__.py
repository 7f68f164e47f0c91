"""Side-by-side measurements of bpnet and its peers: ``python -m benchmarks --help``."""
