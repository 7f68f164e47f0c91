"""Backends that others register: by a call, or by an entry point of an installed package."""

import os
import pickle
import subprocess
import sys
import types

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet.backends import BackendUnavailableError, available_backends, register, registry
from bpnet.backends.numpy import NumpyBackend
from bpnet.cli import main
from bpnet.compiler import plain
from bpnet.compiler.plain import PlainRun, plain_forward
from bpnet.compiler.targets.numpy import NumpyTarget

X, LABELS = np.random.default_rng(0).standard_normal((20, 3)), np.arange(20) % 2


class Mine(NumpyBackend):
    """A backend of a user's own."""

    name = "mine"
    target = None

    @classmethod
    def probe(cls):
        return bpnet.backends.Availability("mine", "1.5", ("chip:0", "chip:1"))

    def device_of(self, x):
        return self.device


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing is registered, and entry points are read anew."""
    monkeypatch.setattr(registry, "_registered", {})
    registry._of_packages.cache_clear()
    yield
    registry._of_packages.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that installs a package with entry points: name -> value."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(distribution="others", source="", **points):
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[bpnet.backends]", *lines, ""]))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


SOURCE = """
from bpnet.backends.numpy import NumpyBackend

class Fast(NumpyBackend):
    name = "fast"
"""


def listed():
    return {one.name: one for one in available_backends()}


# ------------------------------------------------------------------ by a call


def test_a_registered_name_works_everywhere(monkeypatch, capsys, tmp_path):
    register("mine", Mine)
    net = bpnet.Network([3, 2], backend="mine", cost="log_likelihood", seed=0)
    assert repr(net.backend) == "<mine on chip:0, float32>"
    assert net.fit(X, LABELS, epochs=1, batch_size=5)["train_cost"]
    assert bpnet.get_backend("mine", "chip:1").device == "chip:1"
    assert bpnet.get_backend("mine", "chip").device == "chip:0"
    assert net.to("numpy").to("mine").backend == net.backend
    assert net.to(device="chip:1").device == "chip:1"
    with bpnet.use("mine", "chip:1"):
        assert repr(bpnet.get_backend()) == "<mine on chip:1, float32>"
    monkeypatch.setenv("BPNET_BACKEND", "mine")
    monkeypatch.setenv("BPNET_DEVICE", "chip:1")
    assert repr(bpnet.get_backend()) == "<mine on chip:1, float32>"
    monkeypatch.delenv("BPNET_BACKEND")
    monkeypatch.delenv("BPNET_DEVICE")
    assert listed()["mine"].devices == ("chip:0", "chip:1")
    assert main(["devices"]) == 0
    assert ["mine", "1.5", "chip:0,", "chip:1"] in map(
        str.split, capsys.readouterr().out.splitlines()
    )
    flags = ("--backend", "mine", "--device", "chip:1", "--epochs", "1", "--quiet")
    assert main(["train", *flags, "--out", str(tmp_path / "run")]) == 0
    settings = (tmp_path / "run" / "settings.toml").read_text()
    assert 'backend = "mine"\ndevice = "chip:1"' in settings


def test_forgotten_it_is_unknown_again():
    register("mine", Mine)
    net = bpnet.Network([3, 2], backend="mine")
    bpnet.backends.unregister("mine")
    assert "mine" not in listed()
    with pytest.raises(ValueError, match="unknown backend 'mine'"):
        bpnet.get_backend("mine")
    assert net.copy().backend == net.backend
    assert net.feedforward(X).shape == (20, 2)
    with pytest.raises(ValueError, match="unknown registered backend 'mine'"):
        bpnet.backends.unregister("mine")


@pytest.mark.parametrize("name", ["numpy", "jax"])
def test_a_name_of_bpnets_own_is_refused(name):
    with pytest.raises(ValueError, match=f"{name!r} belongs to a backend of bpnet"):
        register(name, Mine)


@pytest.mark.parametrize("name", ["", "auto", None, 3])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(ValueError, match="cannot be called"):
        register(name, Mine)


def test_a_name_that_is_taken_is_refused_and_stays_what_it_was():
    register("mine", Mine)
    with pytest.raises(ValueError, match=r"'mine' is registered already, as .*Mine"):
        register("mine", NumpyBackend)
    assert type(bpnet.get_backend("mine")) is Mine


@pytest.mark.parametrize("factory", [3, None, [Mine]])
def test_what_is_no_factory_is_refused(factory):
    with pytest.raises(TypeError, match="the factory of backend 'mine' must be callable"):
        register("mine", factory)
    assert "mine" not in listed()


@pytest.mark.parametrize(
    "factory",
    [
        lambda device, dtype: Mine(device or "chip:7", dtype),
        f"{NumpyBackend.__module__}:NumpyBackend",
    ],
    ids=["function", "import path"],
)
def test_a_factory_is_a_function_or_an_import_path(factory):
    register("other", factory)
    backend = bpnet.get_backend("other")
    assert backend.name == "other"
    assert backend.device in ("chip:7", "cpu")
    assert pickle.loads(pickle.dumps(backend)) == backend
    assert listed()["other"].devices == (backend.device,)


def test_a_namespace_is_a_factory_too():
    strict = pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    register("strict", strict)
    assert repr(bpnet.get_backend("strict", "device2")) == "<strict on device2, float32>"
    found = listed()["strict"]
    assert (found.version, found.devices[:2]) == (strict.__version__, ("CPU_DEVICE", "device1"))
    net = bpnet.Network([3, 2], backend="strict", device="device1")
    assert pickle.loads(pickle.dumps(net)).backend == net.backend == net.to("strict").backend


def test_a_target_compiles_its_steps():
    calls = []

    def compile_step(backend, step):
        calls.append(backend.name)
        return PlainRun(backend, step)

    made = types.SimpleNamespace(compile_step=compile_step, compile_forward=plain_forward)
    register("mine", Mine, target=made)
    net = bpnet.Network([3, 2], backend="mine", cost="log_likelihood", seed=0)
    net.fit(X, LABELS, epochs=1, batch_size=5)
    assert calls == ["mine"]
    assert net.to(device="chip:1").backend.target is made


@pytest.mark.parametrize(
    ("target", "pickled"),
    [
        (f"{NumpyTarget.__module__}:NumpyTarget", f"{NumpyTarget.__module__}:NumpyTarget"),
        (NumpyTarget, NumpyTarget),
        (plain, "bpnet.compiler.plain"),
    ],
)
def test_a_target_is_pickled(target, pickled):
    register("mine", Mine, target=target)
    backend = bpnet.get_backend("mine")
    assert pickle.loads(pickle.dumps(backend)).target == backend.target == pickled


def test_a_target_that_bpnet_has_trains_to_the_same_bits():
    register("mine", Mine, target=NumpyTarget)
    found = []
    for name in ("mine", "numpy"):
        net = bpnet.Network([3, 2], backend=name, cost="log_likelihood", seed=0)
        net.fit(X, LABELS, epochs=1, batch_size=5)
        found.append(parameters(net))
    assert np.array_equal(*found)


# ------------------------------------------------------------------ factories that fail


def broken(device, dtype):
    raise OSError("no chip\nat all")


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (
            broken,
            "the factory of backend 'bad', from bpnet.backends.register, raised OSError: no chip",
        ),
        (lambda device, dtype: 3, "made 3, not a bpnet.backends.Backend"),
        ("no_such_module:Thing", "cannot be imported (ModuleNotFoundError: No module named 'no_su"),
        (
            "bpnet.backends:Nothing",
            "cannot be imported (AttributeError: module 'bpnet.backends' has",
        ),
        ("bpnet.backends.erf", "the module bpnet.backends.erf lacks asarray, arange, zeros"),
    ],
)
def test_a_factory_that_fails_is_told_and_does_no_harm(factory, words, capsys):
    register("bad", factory)
    register("mine", Mine)
    for call in (bpnet.get_backend, bpnet.use):
        with pytest.raises(BackendUnavailableError) as caught:
            call("bad")
        assert words in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
    found = listed()
    assert words in found["bad"].reason
    assert not found["bad"].usable
    assert found["mine"].usable
    assert main(["devices"]) == 0
    assert words in capsys.readouterr().out


def test_the_cause_of_a_failure_is_kept():
    register("bad", broken)
    with pytest.raises(BackendUnavailableError) as caught:
        bpnet.get_backend("bad")
    assert isinstance(caught.value.__cause__, OSError)


# ------------------------------------------------------------------ entry points


def test_an_installed_package_offers_a_backend(package, monkeypatch):
    package("fast-arrays", SOURCE, fast="fast_arrays:Fast")
    assert "fast_arrays" not in sys.modules
    assert repr(bpnet.get_backend("fast")) == "<fast on cpu, float32>"
    assert listed()["fast"].usable
    monkeypatch.setenv("BPNET_BACKEND", "fast")
    assert bpnet.Network([2, 1]).backend.name == "fast"


def test_entry_points_are_read_only_for_a_name_that_is_not_known_otherwise(tmp_path):
    code = (
        "import sys, bpnet; bpnet.Network([2, 1], backend='numpy').feedforward([[0.0, 1.0]])\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        "try: bpnet.get_backend('nunpy')\n"
        "except ValueError as error: assert \"did you mean 'numpy'\" in str(error)\n"
        "assert 'importlib.metadata' in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)


def test_a_namespace_is_an_entry_point_too(package):
    pytest.importorskip("array_api_strict", reason="array-api-strict is not installed")
    package("strict-arrays", "import array_api_strict", strict="array_api_strict")
    assert bpnet.get_backend("strict", "device1").name == "strict"


def test_an_entry_point_that_cannot_be_imported_is_told_and_does_no_harm(package):
    package("bad-arrays", "raise OSError('no chip')", bad="bad_arrays:Bad")
    package("fast-arrays", SOURCE, fast="fast_arrays:Fast", lost="fast_arrays:Lost")
    found = listed()
    assert found["bad"].reason == (
        "bad is offered by the package bad-arrays but cannot be imported (OSError: no chip)"
    )
    assert "AttributeError" in found["lost"].reason
    assert found["fast"].usable
    with pytest.raises(BackendUnavailableError, match="the package bad-arrays"):
        bpnet.get_backend("bad")


def test_a_name_that_two_packages_offer_is_told(package):
    package("a-arrays", SOURCE, fast="a_arrays:Fast")
    package("b-arrays", SOURCE, fast="b_arrays:Fast", other="b_arrays:Fast")
    rows = [one for one in available_backends() if one.name == "fast"]
    assert [one.usable for one in rows] == [True, False]
    assert "-arrays both offer it: the first is used" in rows[1].reason
    assert bpnet.get_backend("fast").name == "fast"
    assert bpnet.get_backend("other").name == "other"


def test_a_package_does_not_take_bpnets_own_names(package):
    package("fast-arrays", SOURCE, numpy="fast_arrays:Fast", mine="fast_arrays:Fast")
    register("mine", Mine)
    refused = [(one.name, one.reason) for one in available_backends() if "offers it" in one.reason]
    whose = "the package fast-arrays offers it too"
    assert refused == [
        ("numpy", f"{whose}, but the name is bpnet's own"),
        ("mine", f"{whose}, and is not used"),
    ]
    assert type(bpnet.get_backend("numpy")) is NumpyBackend
    assert type(bpnet.get_backend("mine")) is Mine


def test_an_unknown_name_may_mean_one_of_theirs(package):
    package("fast-arrays", SOURCE, fastest="fast_arrays:Fast")
    register("mine", Mine)
    for wrong, right in (("fastes", "fastest"), ("minee", "mine")):
        with pytest.raises(ValueError, match=f"unknown backend {wrong!r}: did you mean {right!r}"):
            bpnet.get_backend(wrong)
