"""Train a network, from a fresh clone: the same program as ``bpnet train``."""

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("numpy", "array_api_compat", "safetensors", "tqdm", "tomli_w")

if sys.version_info < (3, 11):  # noqa: UP036 - told here, before anything fails to parse
    sys.exit("bpnet: Python 3.11 or newer is needed, this is " + sys.version.split()[0])
if missing := [name for name in NEEDED if find_spec(name) is None]:
    sys.exit(
        f"bpnet: {', '.join(missing)} must be installed: "
        f"python3 -m venv .venv && .venv/bin/pip install -e {ROOT}, "
        f"then .venv/bin/python {sys.argv[0]}"
    )
sys.path.insert(0, str(ROOT))  # this clone's, whatever else is installed under that name

from bpnet.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
