"""Real ranks that train on a source: the same bits, each its own rows, in little memory."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest
from _launch import succeeded
from _sources import idx

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


FILES = """
import itertools
import numpy as np
import bpnet
import bpnet.training.streaming
from bpnet.data import CsvSource, IdxSource, NpySource, ParquetSource

bpnet.training.streaming._LEAST_ROWS = 40
kinds = {
    "npy": lambda: NpySource(FOLDER + "/x.npy", FOLDER + "/y.npy"),
    "idx": lambda: IdxSource(FOLDER + "/x.idx", FOLDER + "/y.idx"),
    "csv": lambda: CsvSource(FOLDER + "/both.csv", "y"),
}
if PARQUET:
    kinds["parquet"] = lambda: ParquetSource(FOLDER + "/both.parquet", "y")
found = {}
for (kind, make), shuffle in itertools.product(kinds.items(), (True, False)):
    net = bpnet.Network([4, 6, 3], cost="log_likelihood", seed=3)
    with make() as source:
        history = net.fit(
            source, epochs=2, batch_size=16, parallel="mpi", shuffle=shuffle, evaluate_training=True
        )
    found[kind, shuffle] = net.state.theta.tobytes(), history["train_cost"]
answer(found)
"""


def test_files_are_read_in_parts(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (120, 4)).astype("u1")
    y = np.arange(120) % 3
    np.save(tmp_path / "x.npy", (x / 255).astype("f4"))
    np.save(tmp_path / "y.npy", y)
    idx(tmp_path / "x.idx", x)
    idx(tmp_path / "y.idx", y)
    lines = [",".join(map(str, [*row, k])) for row, k in zip(x / 255, y, strict=True)]
    (tmp_path / "both.csv").write_text("\n".join(["a,b,c,d,y", *lines]))
    has_arrow = importlib.util.find_spec("pyarrow") is not None
    if has_arrow:
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table({**dict(zip("abcd", (x / 255).T, strict=True)), "y": y})
        pyarrow.parquet.write_table(table, tmp_path / "both.parquet", row_group_size=17)
    script = f"FOLDER, PARQUET = {str(tmp_path)!r}, {has_arrow}\n{FILES}"
    (alone,) = succeeded(script, ranks=1).answers
    for found in succeeded(script, ranks=3).answers:
        assert found == alone
    for kind in ("csv", "parquet")[: 1 + has_arrow]:  # the same numbers, in this order
        assert alone[kind, False] == alone["npy", False]


def test_ranks_with_other_sources_are_told():
    script = """
import numpy as np
import bpnet
from bpnet.data import ArraySource
from bpnet.parallel.launch import communicator_of

rank = communicator_of("mpi", bpnet.get_backend("numpy")).rank
x, y = np.ones((30, 2)), np.arange(30) % 2
told = []
for others in [(ArraySource(x[:29], y[:29]),), (x, y)]:
    net = bpnet.Network([2, 3, 2], cost="log_likelihood", seed=0)
    try:
        net.fit(*(others if rank else (ArraySource(x, y),)), epochs=1, parallel="mpi")
    except ValueError as error:
        told.append(str(error))
answer(told)
"""
    for fewer, arrays in succeeded(script, ranks=2).answers:
        assert "ArraySource, 30 rows, 2 columns" in fewer
        assert "ArraySource, 29 rows" in fewer
        assert "samples in memory" in arrays
