"""Run random programs with bpnet's estimators and scikit-learn's, and print what differs.

``python tests/fuzz_estimators.py --runs 1000`` does that many, a seed each; with ``--first SEED
--runs 1`` it repeats one. The tests do some hundred.
"""

import argparse
import time

from fuzz.estimator_cases import drawn
from fuzz.estimator_checks import failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    given = parser.parse_args()
    began, failed, unsteady = time.monotonic(), 0, 0
    for seed in range(given.first, given.first + given.runs):
        case = drawn(seed)
        found, chaotic = failures(case)
        failed += bool(found)
        unsteady += chaotic
        if found:
            print(f"seed {seed}: {case.told()}", flush=True)
            for line in found:
                print(f"    {line}", flush=True)
    seconds = time.monotonic() - began
    print(f"{given.runs} programs, {failed} differ, {unsteady} are chaotic, {seconds:.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
