"""Network: the class that users hold."""

from __future__ import annotations

import copy as _copy
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Never

from . import backends as _backends
from . import costs as _costs
from . import initializers as _initializers
from ._lib.arguments import check_arguments
from ._lib.constraints import Integer
from .activations import Activation
from .backends import Array, Backend
from .costs import Cost
from .initializers import Initializer
from .model import Gradients, Layer, Model, checked_task, resolved
from .model.metadata import class_names, with_classes
from .optimizers import SGD, Optimizer
from .randomness import new_seed
from .training.state import TrainingState, untrained

# What computes, trains and writes files is imported where it is needed: `import bpnet` is light.
if TYPE_CHECKING:
    from ._lib.html import ShownText
    from .parallel import Communicator
    from .training import Callback, Fit, History, Snapshot
    from .training.answers import Answers
    from .training.trainable import Trainable

__all__ = ["Network"]

_SGD = SGD(learning_rate=0.1)


class Network:
    """A fully connected network, trained by backpropagation.

    Parameters
    ----------
    sizes : sequence of int or Layer
        Neurons of each layer, the input's first.
    activations : str, Activation or sequence of them, optional
        One for the hidden layers, and for the output the cost's partner; or one per layer.
    cost : str or Cost, optional
        ``"quadratic"``, ``"binary_cross_entropy"`` (``"cross_entropy"``),
        ``"categorical_cross_entropy"`` (``"log_likelihood"``), ``"huber"``, ``"absolute"``,
        ``"poisson"`` or an object: see `bpnet.costs`, which name each one's output activation.
    initializer : str or Initializer, optional
        ``"auto"`` is He's normal before rectifiers, Glorot's uniform otherwise; the book's are
        ``"standard_normal"`` and ``"scaled_normal"``. See `bpnet.initializers`.
    backend, device : optional
        The library that computes, by name or namespace, and where; see `bpnet.get_backend`.
    dtype : {"float32", "float64"}, optional
        Of parameters and activations; ``"float32"`` unless `bpnet.use` says otherwise.
    seed : int, optional
        Seed for the initial parameters, the shuffling and the masks; by default a random one.
    task : {"classification", "multilabel", "regression"}, optional
        By default what cost, outputs and, for sigmoid outputs, the first fit's targets suggest.
    compute_dtype : {"bfloat16", "float16", "tf32"}, optional
        What training computes in, where library and device can; parameters keep their dtype.
    deterministic : bool, optional
        On a GPU, prefer the same bits in every run to speed; elsewhere they are the same anyway.

    Attributes
    ----------
    backend : Backend
    seed : int
    metadata : dict
        Your own JSON values, saved with the network.
    initializer : Initializer or None, which is of a class of your own, or not in a model file

    Examples
    --------
    >>> import bpnet
    >>> net = bpnet.Network([2, 4, 1], activations="tanh", cost="cross_entropy", seed=1)
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> history = net.fit(x, y, epochs=200, batch_size=4, optimizer=bpnet.Adam(0.1))
    >>> net.predict(x)
    array([0, 1, 1, 0])
    """

    backend: Backend
    seed: int
    metadata: dict[str, Any]
    initializer: Initializer | None
    _model: Model
    _task_given: bool

    def __init__(
        self,
        sizes: Sequence[int | Layer],
        *,
        activations: str | Activation | Sequence[str | Activation] = "sigmoid",
        cost: str | Cost = "quadratic",
        initializer: str | Initializer = "auto",
        backend: str | Backend | Any = None,
        device: str | Any = None,
        dtype: str | None = None,
        seed: int | None = None,
        task: str | None = None,
        compute_dtype: str | None = None,
        deterministic: bool = False,
        **unknown: Never,
    ) -> None:
        check_arguments("Network", unknown, ["sizes", *(Network.__init__.__kwdefaults__ or ())])
        cost = _costs.get(cost)
        architecture = resolved(sizes, activations, cost)
        settings: Any = {"compute_dtype": compute_dtype, "deterministic": deterministic}
        own = _backends.get_backend(backend, device, dtype, **settings)
        seed = new_seed() if seed is None else Integer(0)("seed", seed)
        model = Model(architecture, cost, checked_task(task, cost, architecture.sigma[-1]))
        start = untrained(model, _initializers.get(initializer), seed)
        self.__setstate__((model, task is not None, own, seed, {}, *start))

    def __getstate__(self) -> tuple[Any, ...]:
        own = self._model, self._task_given, self.backend, self.seed, _copy.deepcopy(self.metadata)
        return *own, self.initializer, self._store.on_host()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # Every way to a network ends here; its arrays are copies of those given, which are NumPy's.
        self._model, self._task_given, self.backend, self.seed, self.metadata, *init = state[:-1]
        self.initializer, trained = (init or [None])[0], state[-1]  # none in pickles of before
        from .training.runs import CompiledRuns
        from .training.store import StateStore, from_host

        self._store = StateStore(self.backend, from_host(trained, self.backend))
        self._runs = CompiledRuns(self._model, self.backend)

    @property
    def model(self) -> Model:
        """Architecture, cost and task."""
        return self._model

    @property
    def state(self) -> TrainingState:
        """Parameters and whatever else training changes, in arrays not to be written to."""
        return self._store.state

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each layer, the input's first."""
        return self._model.sizes

    @property
    def cost(self) -> Cost:
        """The cost function."""
        return self._model.cost

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Activation of each layer after the input."""
        return self._model.architecture.sigma

    @property
    def task(self) -> str:
        """``"classification"``, ``"multilabel"`` or ``"regression"``."""
        return self._model.task

    @property
    def classes(self) -> tuple[Any, ...] | None:
        """Label of each class, in the order of `predict_proba`; None where they are only numbered.

        A fit on labels that are text sets it, sorted. Set it yourself to give indices a name, or
        before a fit whose samples lack a class: `predict` then gives labels.

        Examples
        --------
        >>> net = bpnet.Network([1, 2], cost="log_likelihood", seed=0)
        >>> history = net.fit([[1.0], [-1.0]], ["up", "down"], epochs=20, batch_size=2)
        >>> net.classes, net.predict([[2.0]])
        (('down', 'up'), array(['up'], dtype='<U4'))
        """
        return class_names(self._model, self.metadata)

    @classes.setter
    def classes(self, classes: Sequence[str] | None) -> None:
        self._model = with_classes(self._model, classes)
        self._task_given = self._task_given or classes is not None

    @property
    def device(self) -> str:
        """Where it computes."""
        return self.backend.device

    @property
    def dtype(self) -> str:
        """Type of parameters and activations."""
        return self.backend.dtype

    @property
    def epochs(self) -> int:
        """Number of epochs trained."""
        return self._store.counters.epochs

    @property
    def steps(self) -> int:
        """Number of steps trained."""
        return self._store.counters.steps

    @property
    def weights(self) -> list[Array]:
        """Copies of the weights, (n_l, n_{l-1}) each; `set_parameters` changes them."""
        return self._store.parameter_copies(self._model.layout)[0]

    @property
    def biases(self) -> list[Array]:
        """Copies of the biases, (n_l,) each; `set_parameters` changes them."""
        return self._store.parameter_copies(self._model.layout)[1]

    def set_parameters(self, weights: Sequence[Any], biases: Sequence[Any]) -> None:
        """Give the network other parameters; refused if a shape or value is wrong.

        Parameters
        ----------
        weights, biases : sequence of array
            (n_l, n_{l-1}) and (n_l,) each: NumPy arrays, lists, or arrays of the network's library.

        Examples
        --------
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> net.set_parameters([[[2.0]]], [[1.0]])
        >>> net.feedforward([[3.0]])
        array([[7.]], dtype=float32)
        """
        self._store.replace_parameters(self._model.layout, weights, biases)

    def summary(self) -> ShownText:
        """Layers, parameters, settings and training so far: text, or a table in a notebook.

        Examples
        --------
        >>> print(bpnet.Network([2, 1], seed=0).summary())  # doctest: +ELLIPSIS
        layer  kind    size    activation  options  parameters
        0      input   2                                     0
        1      output  2 -> 1  sigmoid                       3
        ...
        """
        from .training.summary import summary

        return summary(self._trainable())

    def _repr_html_(self) -> str:
        return self.summary().html

    def __repr__(self) -> str:
        model, size = self._model, f"{self._model.layout.size:,} parameters"
        where = f"{self.backend.name} on {self.device}, {self.dtype}"
        return f"Network({model.architecture}, cost={self.cost.name}, {size}, {where})"

    def feedforward(self, x: Any) -> Array:
        """Activations of the output layer, shape (m, n_L), in the network's library.

        Parameters
        ----------
        x : array or sparse matrix, shape (m, n_0)
            One sample per row. ValueError or TypeError says what is wrong with it.

        Examples
        --------
        >>> bpnet.Network([2, 3], initializer="zeros").feedforward([[1.0, 2.0]])
        array([[0.5, 0.5, 0.5]], dtype=float32)
        """
        return self._answers.outputs(x)

    def predict(self, x: Any) -> Array:
        """Classes, shape (m,); in regression the outputs, (m, n_L), or (m,) of one output.

        The class is that of the largest output, or of a single output whether it exceeds a half:
        its index, or its label if the network learned from labels that are text. With several
        labels at once, rows of zeros and ones: which outputs exceed a half.

        Parameters
        ----------
        x : array or sparse matrix, shape (m, n_0), or frame
            A frame has the columns of the table that was trained on; then the answers are labels,
            or numbers in the target's own unit.

        Examples
        --------
        >>> net = bpnet.Network([1, 2], cost="log_likelihood")
        >>> net.set_parameters([[[1.0], [-1.0]]], [[0.0, 0.0]])
        >>> net.predict([[3.0], [-3.0]])
        array([0, 1])
        """
        return self._answers.predictions(x)

    def predict_proba(self, x: Any) -> Array:
        """Probability of each class or label, shape (m, classes); refused in regression.

        Of one output a they are 1 - a and a; several sigmoid outputs are separate estimates.

        Parameters
        ----------
        x : array or sparse matrix, shape (m, n_0), or frame

        Examples
        --------
        >>> bpnet.Network([1, 1], initializer="zeros").predict_proba([[3.0]])
        array([[0.5, 0.5]], dtype=float32)
        """
        return self._answers.probabilities(x)

    def total_cost(self, x: Any, y: Any = None) -> float:
        """Mean cost over samples.

        Parameters
        ----------
        x : array or sparse matrix, shape (m, n_0), or frame
        y : array, shape (m, n_L), or (m,) of class indices or labels that are text
            May be left out if x is a frame that has the target's column.

        Examples
        --------
        >>> net = bpnet.Network([1, 2], initializer="zeros", cost="log_likelihood")
        >>> round(net.total_cost([[3.0]], [1]), 4)
        0.6931
        """
        return self._answers.total_cost(x, y)

    def accuracy(self, x: Any, y: Any = None) -> float:
        """Share of samples whose class, or all labels, are predicted correctly; not in regression.

        Parameters
        ----------
        x, y : array
            As for `total_cost`.

        Examples
        --------
        >>> net = bpnet.Network([1, 2], initializer="zeros", cost="log_likelihood")
        >>> net.accuracy([[1.0], [2.0]], [0, 1])
        0.5
        """
        return self._answers.accuracy(x, y)

    def score(self, x: Any, y: Any = None) -> float:
        """Accuracy; in regression the coefficient of determination R^2, the mean over outputs.

        Parameters
        ----------
        x, y : array
            As for `total_cost`.

        Examples
        --------
        >>> net = bpnet.Network([1, 1], activations=["identity"])
        >>> net.set_parameters([[[2.0]]], [[0.0]])
        >>> net.score([[1.0], [2.0]], [[2.0], [4.0]])
        1.0
        """
        return self._answers.score(x, y)

    def backprop(self, x: Any, y: Any) -> Gradients:
        """Gradient of the mean cost over a batch, by BP1-BP4, in the network's library.

        Parameters
        ----------
        x, y : array
            As for `total_cost`.

        Examples
        --------
        >>> net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
        >>> net.backprop([[1.0, 2.0], [3.0, 4.0]], [[1.0], [1.0]]).weights
        [array([[-2., -3.]], dtype=float32)]
        """
        return self._answers.gradients(x, y)

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int,
        batch_size: int = 32,
        shuffle: bool | Callable[[int], Any] = True,
        optimizer: Optimizer | str = _SGD,
        l1: float = 0.0,
        l2: float = 0.0,
        alpha: float | None = None,
        max_norm: float = 0.0,
        clip_value: float = 0.0,
        clip_norm: float = 0.0,
        accumulate: int = 1,
        average: float = 0.0,
        label_smoothing: float = 0.0,
        sample_weight: Any = None,
        class_weight: Any = None,
        validation: tuple[Any, Any] | float | None = None,
        metrics: Iterable[Any] | None = (),
        callbacks: Iterable[Callback] = (),
        progress: bool | None = None,
        evaluate_training: bool = False,
        resume: Snapshot | str | os.PathLike[str] | None = None,
        parallel: str | Communicator | None = None,
        blocks: int | None = 4,
        **unknown: Never,
    ) -> History:
        """Train by mini-batches; a second call continues where the first stopped.

        Parameters
        ----------
        x, y : array
            As for `total_cost`; or a source of `bpnet.data`, for data larger than memory, alone.
        epochs, batch_size : int
            How many more; samples per step, of which the last batch of an epoch may have fewer.
        shuffle : bool or callable, optional
            False keeps the order of the rows; ``shuffle(epoch)`` returns row numbers, shape (n,).
        optimizer : Optimizer, LBFGS or str, optional
            Its memory is kept for a later call with the same kind of optimizer.
        l1, l2, alpha : float, optional
            Penalties: l1 times the weights' magnitudes; l2/2 times their squares (l2 is the book's
            lmbda/n); alpha, scikit-learn's, an l2 of alpha / samples of the mini-batch. Costs are
            without them; with alpha a column ``train_objective`` has them.
        max_norm, clip_value, clip_norm : float, optional
            Bounds of the norm of each neuron's weights, of the gradient's entries and of its norm.
        accumulate, average, label_smoothing : int, float and float, optional
            Parts that a mini-batch is computed in; decay of the parameters' average (`averaged`);
            share of each target that is spread evenly over the classes.
        sample_weight, class_weight : array (n,), and dict or "balanced", optional
            Their weights; ``"balanced"`` gives all classes the same total.
        validation, metrics, callbacks : (x, y) or float, and iterables, optional
            Samples on which each epoch is evaluated, or the share of these that is held out for it;
            further columns of the history (`bpnet.metrics`; None: costs alone); hooks (`Callback`).
        progress, evaluate_training : bool, optional
            A progress bar, by default on a terminal; training columns computed after each epoch.
        resume : Snapshot or path, optional
            A checkpoint, or a folder of them, to go on from bit for bit; all else must be the same.
        parallel, blocks : str or Communicator, and int or None, optional
            "mpi", "nccl" or "torch" join processes that train together; parts of a mini-batch that
            are computed alone, so that the bits are the same however many processes there are.

        Raises
        ------
        ValueError, TypeError, RuntimeError
            If an argument is wrong, or another fit is training this network; nothing has changed.
        DivergenceError
            If a cost or parameter is no longer finite; the parameters of the last good epoch stay.
        KeyboardInterrupt
            After a second Ctrl-C, with the last full epoch's parameters; the first ends training in
            order, after the current step (on JAX: block of steps).

        Examples
        --------
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
        >>> history = net.fit(x, y, epochs=300, batch_size=3)
        >>> round(float(net.weights[0][0, 0]), 2), round(float(net.biases[0][0]), 2)
        (2.0, 1.0)
        """
        given = dict(locals())  # the one list of what a fit is given
        return type(self).fitting(**given.pop("unknown"), **given).run()

    def fitting(self, x: Any, y: Any = None, *, epochs: int, **settings: Any) -> Fit:
        """A fit to be iterated over in a ``with`` block: each turn trains one epoch.

        Parameters
        ----------
        x, y, epochs, **settings : as for `fit`

        Examples
        --------
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
        >>> with net.fitting(x, y, epochs=100, batch_size=3) as fit:
        ...     for row in fit:
        ...         if row["train_cost"] < 0.01:
        ...             break
        >>> len(fit.history) == net.epochs < 100
        True
        """
        from .training.start import begin_fit

        defaults: Any = Network.fit.__kwdefaults__  # a subclass may have a `fit` of its own
        return begin_fit(self._trainable(), x, y, {"epochs": epochs, **settings}, defaults, self)

    def step(self, x: Any, y: Any, **settings: Any) -> float:
        """Train on a mini-batch of the user's own; its mean cost before this single step.

        Parameters
        ----------
        x, y : as for `total_cost`
        **settings : optional
            As for `fit`: ``optimizer``, ``l1``, ``l2``, ``alpha``, ``max_norm``, ``clip_value``,
            ``clip_norm``, ``accumulate``, ``average``, ``label_smoothing``, ``sample_weight``.

        Examples
        --------
        >>> net = bpnet.Network([1, 1], activations=["identity"], initializer="zeros")
        >>> net.step([[1.0], [2.0]], [[1.0], [3.0]], optimizer=bpnet.SGD(0.1))
        2.5
        """
        from .training.single_step import train_step

        return train_step(self._trainable(), x, y, settings, Network.fit.__kwdefaults__ or {})

    def recompile(self) -> None:
        """Forget what was compiled, as constants of a custom activation or cost have changed."""
        self._runs.forget()

    def reset_optimizer(self) -> None:
        """Forget the optimizer's memory: its next step is its first."""
        self._store.reset_optimizer()

    def _trainable(self) -> Trainable:
        from .training.trainable import Trainable

        is_open = not (self._task_given or self.epochs or self.steps)
        own = self._store, self._runs, self.seed, lambda: self.metadata, self._model, is_open
        return Trainable(self._model, self.backend, *own, partial(setattr, self, "_model"))

    @property
    def _answers(self) -> Answers:
        from .training.answers import Answers

        return Answers(self._model, self._runs, self._store, self.metadata, self._trainable)

    def averaged(self) -> Network:
        """A copy whose parameters are the moving average; see ``average`` of `fit`.

        Examples
        --------
        >>> net = bpnet.Network([1, 1], seed=0)
        >>> history = net.fit([[0.0]], [[1.0]], epochs=2, batch_size=1, average=0.9)
        >>> net.averaged().biases[0].item() < net.biases[0].item()
        True
        """
        *others, trained = self.__getstate__()
        if not trained.state.average:
            raise ValueError("there is no moving average: fit(..., average=0.999) keeps one")
        state = trained.state._replace(theta=trained.state.average[0], average=())
        return _from_state((*others, trained._replace(state=state)))

    def to(
        self,
        backend: str | Backend | Any = None,
        device: str | Any = None,
        dtype: str | None = None,
        *,
        compute_dtype: str | None = "keep",
        deterministic: bool | None = None,
    ) -> Network:
        """A copy with another library, on another device or in another dtype.

        Parameters
        ----------
        backend, device, dtype, compute_dtype, deterministic : optional
            As for `Network`; what is not given stays, the device if the other library has it.

        Examples
        --------
        >>> bpnet.Network([2, 1], seed=0).to(dtype="float64").dtype
        'float64'
        """
        settings: Any = {"compute_dtype": compute_dtype, "deterministic": deterministic}
        chosen = _backends.moved(self.backend, backend, device, dtype, **settings)
        model, task_given, _, *others = self.__getstate__()
        return _from_state((model, task_given, chosen, *others))

    def copy(self) -> Network:
        """An independent network with the same parameters, memory and counts."""
        return self.to()

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.copy()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network, without the optimizer's memory, to a file that `bpnet.load` reads.

        Parameters
        ----------
        path : path
            By convention ``*.safetensors``, in a folder that exists. A failure keeps an old file.

        Examples
        --------
        >>> import tempfile
        >>> net = bpnet.Network([2, 3, 1], seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save(f"{folder}/model.safetensors")
        ...     same = bpnet.load(f"{folder}/model.safetensors")
        >>> bool((same.weights[0] == net.weights[0]).all())
        True
        """
        from .training.model_file import save_model

        save_model(self._trainable(), path)


def _from_state(state: tuple[Any, ...]) -> Network:
    """The network that `Network.__getstate__` gave."""
    net = object.__new__(Network)
    net.__setstate__(state)
    return net
