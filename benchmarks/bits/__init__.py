"""Whether training still comes to the same bits: ``python -m benchmarks.bits --record FILE``.

Small trainings with NumPy, each of which leaves SHA-256 digests of its parameters, its history and
its predictions. ``--compare FILE`` repeats them and names those that came out otherwise. Only what
bpnet documents is used, so that this package runs before and after a change of its insides.

Bits also depend on NumPy's release, on the kernels that it and OpenBLAS choose for the processor,
and on the number of threads: a record is compared only where these are what they were.
"""
