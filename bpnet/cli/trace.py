"""``bpnet trace``: every number of a pass forward and back, beside the equation that gave it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .._lib.constraints import Integer
from .._lib.wording import listing
from ..insight.trace import trace
from ..loading import load, model_file
from ..tabular.outputs import class_labels, preprocessing_of, target_names
from .chosen_samples import chosen_samples
from .errors import usage
from .labelled_samples import add_labelled_file
from .model_flags import add_backend_flags, add_model
from .reading_flags import add_reading_flags, read_as_asked

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "show what backpropagation computes for a sample, with the equations"
DESCRIPTION = """\
Show a sample's way forward and back through a trained network: of each layer z, a, sigma'(z), delta
and the gradients by weights and biases, each beside the equation that gave it. Several samples are
taken as one mini-batch. Wide layers are shortened to counts and ranges; --json has every value."""

_EPILOG = """\
examples:
  bpnet trace runs/iris-1 iris.csv --sample 7
  bpnet trace runs/digits-1 digits --sample 7 --layer 2 --dtype float64
  bpnet trace runs/mnist-1 mnist --data-dir mnist --sample 7 --json > trace.json
  bpnet trace runs/mnist-1 mnist/t10k-images-idx3-ubyte.gz \\
      --labels mnist/t10k-labels-idx1-ubyte.gz --sample 7 8 9
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.epilog = _EPILOG
    add_model(parser)
    add_labelled_file(parser, "; or digits, or mnist with --data-dir")
    parser.add_argument(
        "--sample",
        type=int,
        nargs="+",
        default=[0],
        metavar="N",
        help="number of the sample, the first being 0, or of several; by default 0",
    )
    parser.add_argument(
        "--layer", type=int, metavar="N", help="show only this layer, the input being 0"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "float64"),
        help="what to compute in; by default what the network was trained in",
    )
    parser.add_argument("--json", action="store_true", help="every value, for programs")
    parser.add_argument(
        "--part",
        choices=("train", "validation", "test"),
        help="of digits or mnist; by default test",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the folder with MNIST")
    add_reading_flags(parser)
    add_backend_flags(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compute, print."""
    with usage():
        net = load(model_file(options.model), backend=options.backend, device=options.device)
        if options.layer is not None:
            Integer(0, len(net.sizes) - 1)("--layer", options.layer)
        read_as_asked(net, options)
        x, y, name = chosen_samples(net, options)
        found = trace(net, x, y, dtype=options.dtype)
    which = ", ".join(map(str, options.sample))
    if options.json:
        record = {"data": name, "sample": options.sample, **found.to_dict()}
        if options.layer is not None:
            record["layers"] = [record["layers"][options.layer]]
        print(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False))
        return 0
    print(f"sample{'s' * (len(options.sample) > 1)} {which} of {name}")
    classes = class_labels(net)
    if classes is not None:
        print(f"outputs: {listing(classes)}")
    elif preprocessing_of(net) is not None:
        print(f"outputs: {listing(target_names(net))}, scaled as in training")
    print(found.table(options.layer))
    return 0
