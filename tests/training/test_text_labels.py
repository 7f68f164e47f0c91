"""Networks that learn from labels that are text, and answer with them."""

import json
import pickle

import numpy as np
import pytest

import bpnet

X = np.random.default_rng(0).normal(size=(90, 3))
LABELS = X[:, :3].argmax(axis=1)
NAMES = np.array(["bird", "cat", "dog"])
WORDS = NAMES[LABELS]
SETTINGS = {"epochs": 3, "batch_size": 16}


def network(*sizes, cost="log_likelihood", **options):
    return bpnet.Network(list(sizes or (3, 8, 3)), cost=cost, seed=0, **options)


@pytest.fixture(scope="module")
def trained():
    net = network()
    net.fit(X, WORDS, **SETTINGS)
    return net


def parameters(net):
    return np.concatenate([np.ravel(net.backend.to_numpy(one)) for one in net.weights])


def test_labels_and_their_indices_train_the_same(target):
    backend = target.backend()
    nets = [network(backend=backend) for _ in range(2)]
    rows = [
        net.fit(target.give(X), y, validation=0.2, **SETTINGS).rows[-1]
        for net, y in zip(nets, (list(WORDS), LABELS), strict=True)
    ]
    named, numbered = nets
    assert {k: v for k, v in rows[0].items() if k != "seconds"} == {
        k: v for k, v in rows[1].items() if k != "seconds"
    }
    assert (parameters(named) == parameters(numbered)).all()
    assert (named.classes, numbered.classes) == (tuple(NAMES), None)
    x = target.give(X)
    indices = backend.to_numpy(numbered.predict(x))
    found = named.predict(x)
    assert type(found) is np.ndarray
    assert found.tolist() == NAMES[indices].tolist()
    for judge in ("accuracy", "score", "total_cost"):
        assert getattr(named, judge)(x, WORDS) == getattr(numbered, judge)(x, LABELS)
        assert getattr(named, judge)(x, LABELS) == getattr(numbered, judge)(x, LABELS)
    gradients = [net.backprop(x, y).biases for net, y in ((named, WORDS), (numbered, LABELS))]
    for one, other in zip(*gradients, strict=True):
        assert (backend.to_numpy(one) == backend.to_numpy(other)).all()


def test_two_classes_of_one_output():
    net = network(3, 1, cost="cross_entropy")
    net.fit(X, np.where(X[:, 0] > 0, "yes", "no"), epochs=50, batch_size=16, optimizer="adam")
    assert net.classes == ("no", "yes")
    assert net.predict([[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0]]).tolist() == ["yes", "no"]
    assert net.predict_proba([[3.0, 0.0, 0.0]])[0, 1] > 0.5


def test_labels_decide_the_task_of_sigmoid_outputs():
    net = network(cost="quadratic")
    net.fit(X, WORDS, **SETTINGS)
    assert (net.task, net.classes) == ("classification", tuple(NAMES))


def test_further_fits_and_steps_keep_the_classes(trained):
    net = trained.copy()
    some = WORDS != "bird"
    net.fit(X[some], WORDS[some], validation=(X, WORDS), **SETTINGS)
    net.step(X[:1], WORDS[:1])
    with net.fitting(X[some], list(WORDS[some]), epochs=1) as fit:
        assert len(list(fit)) == 1
    assert net.classes == tuple(NAMES)
    assert net.predict(X[:5]).dtype.kind == "U"


def test_classes_are_kept_wherever_a_network_goes(trained, tmp_path):
    trained.save(tmp_path / "model.safetensors")
    others = {
        "file": bpnet.load(tmp_path / "model.safetensors"),
        "pickle": pickle.loads(pickle.dumps(trained)),
        "copy": trained.copy(),
        "dtype": trained.to(dtype="float64"),
    }
    averaged = trained.copy()
    averaged.fit(X, WORDS, average=0.9, **SETTINGS)
    others["average"] = averaged.averaged()
    checkpoint = bpnet.Checkpoint(tmp_path / "checkpoints")
    averaged.fit(X, WORDS, callbacks=[checkpoint], **SETTINGS)
    others["checkpoint"] = bpnet.load(next((tmp_path / "checkpoints").glob("*.safetensors")))
    for way, net in others.items():
        assert net.classes == tuple(NAMES), way
        assert set(net.predict(X)) <= set(NAMES), way
        assert net.accuracy(X, WORDS) == net.accuracy(X, LABELS), way


def test_a_network_that_learned_from_integers_is_written_as_before(tmp_path):
    net = network()
    net.fit(X, LABELS, **SETTINGS)
    net.save(tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert "classes" not in json.loads(header["__metadata__"]["bpnet"])


def test_a_resumed_fit_has_the_classes_of_its_checkpoint(tmp_path):
    checkpoint = bpnet.Checkpoint(tmp_path, keep=9)
    whole = network()
    whole.classes = ["dog", "cat", "bird"]  # not in the order that labels have by themselves
    whole.fit(X, WORDS, epochs=4, batch_size=16, callbacks=[checkpoint])
    first = sorted(tmp_path.glob("epoch-0001*"))[0]
    resumed = network()
    resumed.fit(X, WORDS, epochs=4, batch_size=16, resume=first, callbacks=[checkpoint])
    assert resumed.classes == ("dog", "cat", "bird")
    assert (parameters(resumed) == parameters(whole)).all()
    other = network()
    other.classes = list(NAMES)
    with pytest.raises(ValueError, match="its classes are 'dog', 'cat', 'bird', here they are"):
        other.fit(X, WORDS, epochs=4, batch_size=16, resume=first, callbacks=[checkpoint])


def test_names_given_before_a_fit_whose_samples_lack_a_class():
    net = network()
    some = WORDS != "cat"
    with pytest.raises(ValueError, match="2 different labels"):
        net.fit(X[some], WORDS[some], **SETTINGS)
    assert net.classes is None
    net.classes = NAMES
    net.fit(X[some], WORDS[some], **SETTINGS)
    assert net.accuracy(X[some], WORDS[some]) == net.accuracy(X[some], LABELS[some])


def test_names_for_a_network_that_learned_from_integers():
    net = network()
    net.fit(X, LABELS, **SETTINGS)
    indices = net.predict(X)
    net.classes = NAMES
    assert (net.predict(X) == NAMES[indices]).all()
    net.classes = None
    assert (net.predict(X) == indices).all()
    regression = network(3, 2, cost="quadratic", activations=["identity"])
    with pytest.raises(ValueError, match="classes go with the task classification, and the task"):
        regression.classes = ["a", "b"]


def test_names_in_the_metadata_are_those_of_a_fit_on_labels():
    net = network()
    net.metadata["classes"] = ["dog", "cat", "bird"]
    net.fit(X, LABELS, **SETTINGS)
    assert net.predict(X[:3]).dtype.kind == "i"  # as taught
    assert net.classes == ("dog", "cat", "bird")
    net.fit(X, WORDS, **SETTINGS)
    assert net.classes == ("dog", "cat", "bird")
    assert net.predict(X[:3]).dtype.kind == "U"
    numbers = network()
    numbers.metadata["classes"] = [3, 4, 8]
    assert numbers.accuracy(X, np.array(["3", "4", "8"])[LABELS]) == numbers.accuracy(X, LABELS)


def test_weights_of_classes_by_label(trained):
    weighted = [network() for _ in range(3)]
    for net, y, weights in zip(
        weighted,
        (WORDS, LABELS, WORDS),
        ({"cat": 3.0, "dog": 0.5}, {1: 3.0, 2: 0.5}, {1: 3.0, 2: 0.5}),
        strict=True,
    ):
        net.fit(X, y, class_weight=weights, **SETTINGS)
    assert (parameters(weighted[0]) == parameters(weighted[1])).all()
    assert (parameters(weighted[0]) == parameters(weighted[2])).all()
    with pytest.raises(
        ValueError, match="class 'cow': classes are 'bird', 'cat', 'dog', or 0 to 2"
    ):
        trained.copy().fit(X, WORDS, class_weight={"cow": 1.0}, **SETTINGS)


def test_tools_take_labels(trained):
    test = bpnet.find_learning_rate(network(), X, WORDS, batch_size=16, steps=10)
    assert len(test.rates)
    assert bpnet.gradient_check(network(3, 3), X[:4], ["cat", "bird", "dog", "cat"]).passed
    solved = network()
    solved.fit(X, WORDS, epochs=3, optimizer="lbfgs")
    assert solved.classes == tuple(NAMES)


BAD = [
    (np.where(WORDS == "cat", "cta", WORDS), ValueError, "no class 'cta', did you mean 'cat'"),
    ([None, *WORDS[1:]], TypeError, "y has a missing value: row 0 is None"),
    ([1, *WORDS[1:]], TypeError, "y is 1 in row 0, and text in others"),
    (WORDS[:, None], ValueError, "one dimension"),
    (WORDS[:-1], ValueError, "x has 90 samples, y has 89"),
    (LABELS + 1, ValueError, "labels in y go from 1 to 3"),
]


@pytest.mark.parametrize(("y", "error", "words"), BAD)
def test_wrong_labels_change_nothing(trained, y, error, words):
    for net in (trained.copy(), network()):
        if net.classes is None and "cta" in words:
            continue  # a new network may learn that word
        before = net.classes, net.task, net.epochs, net.steps, parameters(net).tobytes()
        for call in (
            lambda net=net: net.fit(X, y, **SETTINGS),
            lambda net=net: net.step(X, y),
            lambda net=net: net.fit(X, y, **SETTINGS, optimizer="lbfgs"),
            lambda net=net: net.accuracy(X, y),
            lambda net=net: net.backprop(X, y),
        ):
            with pytest.raises(error, match=words):
                call()
        assert before == (net.classes, net.task, net.epochs, net.steps, parameters(net).tobytes())


def test_validation_labels_are_held_against_those_of_training(trained):
    net = network()
    other = np.where(WORDS == "cat", "cow", WORDS)
    with pytest.raises(ValueError, match=r"row \d+ of validation y: no class 'cow'"):
        net.fit(X, WORDS, validation=(X, other), **SETTINGS)
    assert net.classes is None


def test_a_fit_that_fails_in_its_first_epoch_teaches_no_classes():
    class Fails(bpnet.Callback):
        def on_steps(self, fit, steps):
            raise KeyError("now")

    for before in (0, 1):
        net = network()
        net.fit(X, LABELS, epochs=before)
        with pytest.raises(KeyError):
            net.fit(X, WORDS, callbacks=[Fails()], **SETTINGS)
        assert net.classes is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activations": ["identity"], "cost": "quadratic"}, "the task is regression: numbers"),
        ({"cost": "cross_entropy", "task": "multilabel"}, "the task is multilabel: numbers are"),
    ],
)
def test_text_is_for_classification(options, words):
    net = network(3, 3, **options)
    with pytest.raises(TypeError, match=words):
        net.fit(X, WORDS, **SETTINGS)


def test_damaged_classes_in_a_file_are_refused(trained, tmp_path):
    path = tmp_path / "model.safetensors"
    trained.save(path)
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    for classes, words in (
        (["a"], "classes has 1 label, 'a', but the network has outputs for 3 classes"),
        (["a", "a", "b"], r"classes\[1\] is 'a', as classes\[0\]"),
        (["a", 1, "b"], r"classes\[1\] must be a string, not 1"),
    ):
        own = json.loads(header["__metadata__"]["bpnet"])
        own["classes"] = classes
        changed = json.dumps(
            {**header, "__metadata__": {**header["__metadata__"], "bpnet": json.dumps(own)}}
        ).encode()
        changed += b" " * (-len(changed) % 8)
        path.write_bytes(len(changed).to_bytes(8, "little") + changed + content[8 + size :])
        with pytest.raises(ValueError, match=words):
            bpnet.load(path)


def test_the_labels_of_a_source_are_numbers_with_names():
    pairs = bpnet.data.source(list(zip(X, WORDS, strict=True)))
    with pytest.raises(TypeError, match=r"y is text, 'dog'.* net.classes = classes names them"):
        network().fit(pairs, **SETTINGS)
    with pytest.raises(TypeError, match=r"y holds <U4: .* net.classes = classes names them"):
        network().fit(bpnet.data.source((X, WORDS)), **SETTINGS)
    classes, numbers = np.unique(WORDS, return_inverse=True)
    net = network()
    net.classes = classes
    net.fit(bpnet.data.source((X, numbers)), **SETTINGS)
    assert net.accuracy(X, WORDS) == net.accuracy(X, LABELS)
