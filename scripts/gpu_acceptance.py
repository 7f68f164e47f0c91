#!/usr/bin/env python3
"""Accept bpnet on a machine with a CUDA GPU: test, train, compare and time it by one command.

    python scripts/gpu_acceptance.py --mnist DIR

Every array library that has a CUDA device here is tried, and what it computes is compared with
NumPy on the CPU. Each figure goes to a JSON file. The exit code is 0 if all is well, 1 if a check
failed, 2 if there is no CUDA GPU. It runs from a checkout and takes some minutes, most of them for
the tests; ``--sections`` chooses. What it does is in the package ``acceptance``.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
# By default JAX takes three quarters of the device's memory, which others here need too.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

from acceptance.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
