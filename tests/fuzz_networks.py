"""Train random networks, a seed each, and print what does not hold.

``python tests/fuzz_networks.py --runs 5000`` does that many; with ``--first SEED --runs 1`` it
repeats one. The tests do some hundred.
"""

import argparse
import random
import time
import traceback

from fuzz.network_cases import drawn
from fuzz.network_checks import CHECKS, check


def failures_of(seed, names=tuple(CHECKS)):
    """What does not hold for the case of a seed: name of a check, and the error."""
    case, found = drawn(seed), {}
    for name in names:
        try:
            check(name, case, random.Random(f"{seed} {name}"))
        except Exception as error:
            found[name] = error
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--checks", nargs="+", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--traceback", action="store_true", help="of each failure")
    given = parser.parse_args()
    began, failed = time.monotonic(), dict.fromkeys(given.checks, 0)
    for k, seed in enumerate(range(given.first, given.first + given.runs), start=1):
        for name, error in failures_of(seed, given.checks).items():
            failed[name] += 1
            print(f"seed {seed}, {name}: {type(error).__name__}: {error}", flush=True)
            print(f"    {drawn(seed).told()}", flush=True)
            if given.traceback:
                traceback.print_exception(error)
        if k % 100 == 0:
            print(f"{k} of {given.runs}, {time.monotonic() - began:.0f} s", flush=True)
    seconds = time.monotonic() - began
    print(f"{given.runs} networks, {sum(failed.values())} failures {failed}, {seconds:.0f} s")
    return int(any(failed.values()))


if __name__ == "__main__":
    raise SystemExit(main())
