"""Real ranks that train on a source: the same bits, each its own rows, in little memory."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest
from _launch import succeeded

SCRIPT = """
import hashlib, itertools, warnings
import numpy as np
import bpnet
import bpnet.training.streaming
from bpnet import Layer
from bpnet.data import ArraySource, IterableSource

bpnet.training.streaming._LEAST_ROWS = 60  # several buffers
x = np.random.default_rng(0).normal(size=(150, 6)).astype("f4")
y = np.arange(150) % 3

class Noted(ArraySource):
    def read(self, start, stop):
        rows.update(range(start, stop))
        return super().read(start, stop)

rows = set()
normalized = [Layer(6, noise=0.1), Layer(8, normalization="batch", dropout=0.2), 3]
fits = {
    "mixed": (lambda: Noted(x, y), [6, Layer(8, dropout=0.2), 3], {"validation": (x[:20], y[:20])}),
    "normalized": (
        lambda: Noted(x, y),
        normalized,
        {"evaluate_training": True, "metrics": ["f1"], "label_smoothing": 0.1},
    ),
    "iterable": (lambda: IterableSource(lambda: zip(x, y), 150), [6, 8, 3], {}),
    "in order": (lambda: Noted(x, y), [6, 8, 3], {"shuffle": False}),
    "in memory": (None, [6, 8, 3], {"shuffle": False}),
    "task from targets": (
        lambda: Noted(x, x[:, :3].round(1)), [6, 8, 3], {"cost": "quadratic", "optimizer": "adam"}
    ),
}
found = {}
for backend, (name, (source, sizes, given)) in itertools.product(BACKENDS, fits.items()):
    if backend != "numpy" and name not in ("mixed", "in order"):
        continue
    given, reads = dict(given), len(rows)
    cost = given.pop("cost", "log_likelihood")
    net = bpnet.Network(sizes, cost=cost, seed=3, backend=backend)
    samples = (x, y) if source is None else (source(),)
    history = net.fit(*samples, epochs=2, batch_size=16, parallel="mpi", **given)
    digest = hashlib.sha256(net.backend.to_numpy(net.state.theta).tobytes())
    for row in history:
        digest.update(repr([row[k] for k in row if k not in ("seconds", "communication")]).encode())
    found[backend, name] = digest.hexdigest()[:12]
answer((found, len(rows)))
"""


@pytest.fixture(scope="module")
def alone():
    return found_on(1)[0][0]


def found_on(ranks):
    there = importlib.util.find_spec("torch") is not None and ranks < 4  # it starts slowly
    libraries = ["numpy"] + ["torch"] * there
    return succeeded(f"BACKENDS = {libraries}\n{SCRIPT}", ranks=ranks).answers


@pytest.mark.parametrize("ranks", [3, 5])
def test_the_bits_of_one_rank_and_rows_of_its_own(alone, ranks):
    answers = found_on(ranks)
    for found, _ in answers:
        assert found.items() <= alone.items()
        assert len(found) >= 6
    assert all(found["numpy", "in order"] == found["numpy", "in memory"] for found, _ in answers)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
def test_what_no_rank_could_hold(tmp_path):
    rows, width = 500_000, 200
    if shutil.disk_usage(tmp_path).free < 8 * rows * width:
        pytest.skip(f"{tmp_path} has less room than {8 * rows * width} bytes")
    for name, columns in (("x.npy", width), ("y.npy", 1)):  # no byte of them is written
        np.lib.format.open_memmap(tmp_path / name, "w+", np.float32, (rows, columns)).flush()
    answers = succeeded(
        f"""
import resource
import numpy as np
import bpnet
from bpnet.data import ArraySource, NpySource
import bpnet.training.streaming

def train(source):
    net = bpnet.Network([{width}, 8, 1], seed=0)
    net.fit(source, epochs=1, batch_size=1000, parallel="mpi", evaluate_training=True)
    return net.steps

train(ArraySource(np.zeros((2000, {width}), "f4"), np.zeros((2000, 1), "f4")))
with open("/proc/self/status") as file:
    used = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData"))
limit = used + 4 * {rows * width} // 3
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.array(np.load({str(tmp_path / "x.npy")!r}, mmap_mode="r"))
    held = True
except MemoryError:
    held = False
bpnet.training.streaming._MEMORY = 2**24
answer((held, train(NpySource({str(tmp_path / "x.npy")!r}, {str(tmp_path / "y.npy")!r}))))
"""
    ).answers
    assert answers == [(False, 500)] * 2
