"""Network: what a user holds."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from . import activations as _activations
from . import backends as _backends
from . import costs as _costs
from . import initializers as _initializers
from ._lib.frozen import Frozen
from ._lib.registry import check_name
from .activations import Activation, Sigmoid, Softmax
from .backends import Array, Backend, BackendUnavailableError
from .backprop import backprop
from .compiler import compile_forward, compile_step
from .costs import BinaryCrossEntropy, CategoricalCrossEntropy, Cost
from .initializers import Initializer
from .model.layers import Layer, layers_from, resolved
from .model.layout import Layout
from .optimizers import SGD, Optimizer
from .randomness import new_seed, start_generator
from .storage.files import read_model, write_model
from .targets import as_inputs, as_targets
from .training import (
    Callback,
    Fit,
    History,
    Snapshot,
    StepConfig,
    evaluate,
    make_forward,
    make_step,
)
from .training.start import fitting, step
from .training.step import FIRST_SCALING
from .training.tally import classes

__all__ = ["Gradients", "Layer", "Network", "load"]

_SGD = SGD(learning_rate=0.1)
_OF_STEPS = ("l1", "l2", "max_norm", "clip_value", "clip_norm", "accumulate", "average")
_TASKS = ("classification", "regression")
_CROSSED = (BinaryCrossEntropy, CategoricalCrossEntropy)
_VECTORS = ("_memory", "_running", "_average", "_scaling")  # tuples of vectors on the device


class Gradients(Frozen):
    """Gradient of the mean cost, shaped like the parameters.

    Parameters
    ----------
    weights : list of array
        (n_l, n_{l-1}) each.
    biases : list of array
        (n_l,) each.
    scales, shifts : list of array
        (n_l,) each, of the layers that normalize.

    Examples
    --------
    >>> import bpnet
    >>> gradients = bpnet.Network([2, 3, 1], seed=0).backprop([[0.0, 1.0]], [[1.0]])
    >>> [nabla_w.shape for nabla_w in gradients.weights]
    [(3, 2), (1, 3)]
    """

    weights: list[Array]
    biases: list[Array]
    scales: Sequence[Array] = ()
    shifts: Sequence[Array] = ()


class Network:
    """A fully connected network, trained by backpropagation.

    Parameters
    ----------
    sizes : sequence of int or Layer
        Neurons of each layer, the input's first.
    activations : str, Activation or sequence of them, optional
        One for the hidden layers, the output's then being the cost's partner; or a list of one a
        layer after the input. A name or object: see `bpnet.activations`.
    cost : str or Cost, optional
        ``"quadratic"``, ``"binary_cross_entropy"`` (``"cross_entropy"``),
        ``"categorical_cross_entropy"`` (``"log_likelihood"``), ``"huber"``, ``"poisson"``, or an
        object: see `bpnet.costs`. Its partner is sigmoid, sigmoid, softmax, identity, exponential.
    initializer : str or Initializer, optional
        ``"auto"`` is He's normal before rectifiers and Glorot's uniform otherwise;
        ``"standard_normal"`` and ``"scaled_normal"`` are the book's. See `bpnet.initializers`.
    backend : str, Backend or namespace, optional
        The library that computes; see `bpnet.get_backend`.
    device : str or device object, optional
        Where it computes.
    dtype : {"float32", "float64"}, optional
        Of parameters and activations; ``"float32"`` unless `bpnet.use` says otherwise.
    seed : int, optional
        Of the start and of every epoch's order; drawn from the system where not given, and kept.
    task : {"classification", "regression"}, optional
        By default classification with softmax or sigmoid outputs or a cross-entropy. (Sigmoid
        outputs that are fitted to rows other than zeros and ones are taken as regression.)

    compute_dtype : {"bfloat16", "float16", "tf32"}, optional
        What training computes in, where the library and device can; parameters keep their dtype.
        ``"tf32"`` is the product of float32 matrices of recent GPUs with 10 bits of mantissa.
    deterministic : bool, optional
        On a GPU, prefer what has the same bits each time to what is faster; elsewhere a network
        trains to the same bits anyway.

    Attributes
    ----------
    sizes : tuple of int
    cost : Cost
    backend : Backend
    seed : int
    task : str
    epochs, steps : int
        How many were trained.
    metadata : dict
        Anything that JSON can say; saved with the network, and read by nobody here.

    Raises
    ------
    ValueError
        If sizes, activations and cost do not go together, or the backend and device cannot compute
        in ``compute_dtype``.
    BackendUnavailableError
        If the backend or device is not to be had here.

    References
    ----------
    M. Nielsen, Neural Networks and Deep Learning (2015), chapters 1-3.

    Examples
    --------
    >>> import numpy as np
    >>> import bpnet
    >>> net = bpnet.Network([2, 4, 1], activations="tanh", cost="cross_entropy", seed=1)
    >>> x, y = np.asarray([[0, 0], [0, 1], [1, 0], [1, 1]]), np.asarray([0, 1, 1, 0])
    >>> history = net.fit(x, y, epochs=200, batch_size=4, optimizer=bpnet.Adam(0.1))
    >>> net.predict(x)
    array([0, 1, 1, 0])
    """

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
    ) -> None:
        self.cost = _costs.get(cost)
        self._architecture = resolved(sizes, activations, self.cost)
        self.sizes, self._sigma = self._architecture.sizes, self._architecture.sigma
        self.backend = _backends.get_backend(
            backend, device, dtype, compute_dtype=compute_dtype, deterministic=deterministic
        )
        self.seed = new_seed() if seed is None else _natural("seed", seed)
        self._task = None if task is None else check_name(task, _TASKS, "task")
        self._seen_regression = False
        self.epochs = self.steps = self._since = 0
        self.metadata: dict[str, Any] = {}
        self._layout = self._architecture.layout
        self._optimizer: Optimizer | None = None
        self._memory: tuple[Array, ...] = ()
        self._running: tuple[Array, ...] = ()
        self._average: tuple[Array, ...] = ()
        self._scaling: tuple[Array, ...] = ()
        self._runs: dict[Any, Callable[..., Any]] = {}
        chosen, rng = _initializers.get(initializer), start_generator(self.seed)
        biases = [chosen.biases(n, rng) for n in self.sizes[1:]]
        weights = [
            chosen.weights(n_out, n_in, sigma, rng)
            for (n_out, n_in), sigma in zip(self._layout.weight_shapes, self._sigma, strict=True)
        ]
        self._receive(self._layout.join(weights, biases, np, self._architecture.first_norms()))
        if self._architecture.running_size:
            with self.backend.scope():
                running = self.backend.from_host(self._architecture.first_running(), self.dtype)
            self._running = (running,)

    # ------------------------------------------------------------------ what it is

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Activation of each layer after the input."""
        return self._sigma

    @property
    def device(self) -> str:
        """Where it computes."""
        return self.backend.device

    @property
    def dtype(self) -> str:
        """Type of parameters and activations."""
        return self.backend.dtype

    @property
    def task(self) -> str:
        """``"classification"`` or ``"regression"``."""
        if self._task is not None:
            return self._task
        crossed = isinstance(self.cost, _CROSSED)
        if crossed or isinstance(self._sigma[-1], Softmax):
            return "classification"
        if isinstance(self._sigma[-1], Sigmoid) and not self._seen_regression:
            return "classification"
        return "regression"

    @property
    def weights(self) -> list[Array]:
        """Copies of the weights, (n_l, n_{l-1}) each; `set_parameters` changes them."""
        return self._copies()[0]

    @property
    def biases(self) -> list[Array]:
        """Copies of the biases, (n_l,) each; `set_parameters` changes them."""
        return self._copies()[1]

    def set_parameters(self, weights: Sequence[Any], biases: Sequence[Any]) -> None:
        """Give the network other parameters.

        Parameters
        ----------
        weights : sequence of array
            (n_l, n_{l-1}) each: NumPy arrays, lists, or arrays of the network's library.
        biases : sequence of array
            (n_l,) each.

        Raises
        ------
        ValueError
            If a number of layers or a shape disagrees, or a value is not finite; the message gives
            both, and nothing is changed.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> net.set_parameters([[[2.0]]], [[1.0]])
        >>> net.feedforward([[3.0]])
        array([[7.]], dtype=float32)
        """
        with self.backend.scope():
            parts = [
                *self._parameters("weights", weights, self._layout.weight_shapes),
                *self._parameters("biases", biases, self._layout.bias_shapes),
            ]
            norms = self.backend.to_numpy(self._theta[self._layout.n_plain :])
        self._receive(np.concatenate([*parts, norms]))

    def __repr__(self) -> str:
        return (
            f"Network({self._architecture}, cost={self.cost.name}, "
            f"{self._layout.size:,} parameters, {self.backend.name} on {self.device}, {self.dtype})"
        )

    # ------------------------------------------------------------------ what it computes

    def feedforward(self, x: Any) -> Array:
        """Activations of the output layer.

        Parameters
        ----------
        x : array, shape (m, n_0)
            One sample a row.

        Returns
        -------
        array, shape (m, n_L)
            In the network's library.

        Raises
        ------
        ValueError
            If the width disagrees, or a value is not finite.
        TypeError
            If x belongs to another library or device, or holds no numbers.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([2, 3], initializer="zeros")
        >>> net.feedforward([[1.0, 2.0]])
        array([[0.5, 0.5, 0.5]], dtype=float32)
        """
        with self.backend.scope():
            return self._sigma[-1].value(self._weighted_input(x), self.backend.xp)

    def predict(self, x: Any) -> Array:
        """Class indices; in regression values.

        Parameters
        ----------
        x : array, shape (m, n_0)

        Returns
        -------
        array, shape (m,)
            The index of the largest output, or with one output whether it exceeds a half. In
            regression the outputs, shape (m, n_L), or (m,) with one output.

        Raises
        ------
        ValueError, TypeError
            As `feedforward`.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 2], cost="log_likelihood")
        >>> net.set_parameters([[[1.0], [-1.0]]], [[0.0, 0.0]])
        >>> net.predict([[3.0], [-3.0]])
        array([0, 1])
        """
        if self.task != "classification":
            a = self.feedforward(x)
            return a[:, 0] if self.sizes[-1] == 1 else a
        with self.backend.scope():
            return classes(self._weighted_input(x), self._sigma[-1], self.backend.xp)

    def predict_proba(self, x: Any) -> Array:
        """Probability of each class.

        Parameters
        ----------
        x : array, shape (m, n_0)

        Returns
        -------
        array, shape (m, classes)
            Softmax outputs as they are; of one output a the columns 1 - a and a. Several sigmoid
            outputs are as many separate estimates, whose sum need not be one.

        Raises
        ------
        ValueError, TypeError
            As `feedforward`; also if the network is one for regression.

        Examples
        --------
        >>> import bpnet
        >>> bpnet.Network([1, 1], initializer="zeros").predict_proba([[3.0]])
        array([[0.5, 0.5]], dtype=float32)
        """
        if self.task != "classification":
            raise ValueError(f"probabilities are for classification, and the task is {self.task}")
        a = self.feedforward(x)
        with self.backend.scope():
            return self.backend.xp.concat([1.0 - a, a], axis=1) if self.sizes[-1] == 1 else a

    def total_cost(self, x: Any, y: Any) -> float:
        """Mean cost over samples.

        Parameters
        ----------
        x : array, shape (m, n_0)
        y : array, shape (m, n_L), or (m,) of class indices

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If sample counts, widths or labels disagree; the message gives both values.
        TypeError
            If x or y belongs to another library or device, or holds no numbers.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 2], initializer="zeros", cost="log_likelihood")
        >>> round(net.total_cost([[3.0]], [1]), 4)
        0.6931
        """
        with self.backend.scope():
            return evaluate(self, [self._samples(x, y)])[0]

    def accuracy(self, x: Any, y: Any) -> float:
        """Share of samples whose class is predicted rightly.

        Parameters
        ----------
        x : array, shape (m, n_0)
        y : array, shape (m, n_L), or (m,) of class indices

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        ValueError, TypeError
            As `total_cost`; also if the network is one for regression.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 2], initializer="zeros", cost="log_likelihood")
        >>> net.accuracy([[1.0], [2.0]], [0, 1])
        0.5
        """
        if self.task != "classification":
            raise ValueError(f"accuracy is for classification, and the task is {self.task}")
        return self.score(x, y)

    def score(self, x: Any, y: Any) -> float:
        """Accuracy; in regression the coefficient of determination R^2.

        Parameters
        ----------
        x : array, shape (m, n_0)
        y : array, shape (m, n_L), or (m,) of class indices

        Returns
        -------
        float
            1 at best; R^2 is the mean over outputs.

        Raises
        ------
        ValueError, TypeError
            As `total_cost`.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], activations=["identity"])
        >>> net.set_parameters([[[2.0]]], [[0.0]])
        >>> net.score([[1.0], [2.0]], [[2.0], [4.0]])
        1.0
        """
        with self.backend.scope():
            return evaluate(self, [self._samples(x, y)])[1]

    def backprop(self, x: Any, y: Any) -> Gradients:
        """Gradient of the mean cost over a batch, by BP1-BP4.

        Parameters
        ----------
        x : array, shape (m, n_0)
        y : array, shape (m, n_L), or (m,) of class indices

        Returns
        -------
        Gradients
            ``weights[l]``, shape (n_l, n_{l-1}); ``biases[l]``, shape (n_l,); in the network's
            library. Inputs are unchanged.

        Raises
        ------
        ValueError, TypeError
            As `total_cost`.

        References
        ----------
        Nielsen, Neural Networks and Deep Learning, ch. 2, eqs. (BP1)-(BP4).

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([2, 1], activations=["identity"], initializer="zeros")
        >>> net.backprop([[1.0, 2.0], [3.0, 4.0]], [[1.0], [1.0]]).weights
        [array([[-2., -3.]], dtype=float32)]
        """
        with self.backend.scope():
            x, y = self._samples(x, y)
            xp, m = self.backend.xp, x.shape[0]
            w, b = self._layout.split(self._theta, xp)
            stages = self._architecture.stages(self._theta, None, x, xp)
            nabla_w, nabla_b, _ = backprop(w, b, stages, self.cost, x, y, xp)
            normed = [stages[l] for l in self._architecture.norms]
            return Gradients(
                [nabla / m for nabla in nabla_w],
                [nabla / m for nabla in nabla_b],
                [stage.nabla_scale / m for stage in normed],
                [stage.nabla_shift / m for stage in normed],
            )

    # ------------------------------------------------------------------ how it learns

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int,
        batch_size: int = 32,
        optimizer: Optimizer = _SGD,
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float = 0.0,
        clip_value: float = 0.0,
        clip_norm: float = 0.0,
        accumulate: int = 1,
        average: float = 0.0,
        label_smoothing: float = 0.0,
        sample_weight: Any = None,
        class_weight: Any = None,
        validation: tuple[Any, Any] | None = None,
        metrics: Iterable[Any] = (),
        callbacks: Iterable[Callback] = (),
        progress: bool | None = None,
        evaluate_training: bool = False,
        resume: Snapshot | str | os.PathLike[str] | None = None,
    ) -> History:
        """Train by mini-batches; a second call goes on where the first stopped.

        Parameters
        ----------
        x : array, shape (n, n_0), or source
            Samples; or a source of `bpnet.data` that gives samples and targets block by block,
            for data that are larger than memory.
        y : array, shape (n, n_L), or (n,) of class indices
            None with a source.
        epochs : int
            How many more.
        batch_size : int, optional
            Samples a step; the last batch of an epoch may be smaller, and counts as what it is.
        optimizer : Optimizer, optional
            Its memory is kept for a later call with the same kind of optimizer. Or a solver that
            takes all samples at once, `bpnet.LBFGS`.
        l2 : float, optional
            The objective is the mean cost plus l2/2 times the sum of the squared weights: the
            book's lmbda/n. Costs that are told do not contain it.
        l1 : float, optional
            Adds l1 times the sum of the weights' magnitudes.
        max_norm : float, optional
            After each step the weights of a neuron that are longer are shortened to this norm.
        clip_value, clip_norm : float, optional
            Bounds of each entry, and of the norm, of the gradient.
        accumulate : int, optional
            Compute each mini-batch in so many parts, which takes less memory for activations.
        average : float, optional
            Decay of an exponential moving average of the parameters, as 0.999; see `averaged`.
        label_smoothing : float, optional
            Share of each target that is spread evenly over the classes.
        sample_weight : array, shape (n,), optional
            How often each sample counts: the cost of a mini-batch is the weighted mean.
        class_weight : dict of int to float, or "balanced", optional
            How often each class counts; ``"balanced"``: all classes the same.
        validation : (x, y), optional
            Samples to judge each epoch by.
        metrics : iterable of str, Metric or callable, optional
            More columns of the history; see `bpnet.metrics`.
        callbacks : iterable of Callback, optional
        progress : bool, optional
            Show a bar; by default where standard error is a terminal.
        evaluate_training : bool, optional
            Training columns are then computed after the epoch, as the book's are; by default they
            are means over the epoch's own batches, which cost next to nothing.
        resume : Snapshot or path, optional
            Go on where a checkpoint was written, to the same bits; the other arguments must be
            those of the fit that wrote it. Of a folder the newest is taken; see
            `bpnet.read_checkpoint`.

        Returns
        -------
        History

        Raises
        ------
        ValueError, TypeError
            As `total_cost`, and for a setting out of range; nothing has changed then.
        DivergenceError
            If a cost or parameter is no longer finite; the parameters are the last finite ones,
            and the optimizer's memory is made anew.

        Notes
        -----
        The first Ctrl-C ends training at the next boundary of a step (on JAX: of a block of steps);
        the history then says ``stopped == "interrupted"``, and the parameters are those of that
        moment. A second one raises KeyboardInterrupt at once, with those of the last full epoch and
        no memory of the optimizer.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
        >>> history = net.fit(x, y, epochs=300, batch_size=3)
        >>> round(float(net.weights[0][0, 0]), 2), round(float(net.biases[0][0]), 2)
        (2.0, 1.0)
        """
        if not isinstance(optimizer, Optimizer) and hasattr(optimizer, "fit"):
            others = {
                "l1": l1,
                "max_norm": max_norm,
                "clip_value": clip_value,
                "clip_norm": clip_norm,
                "accumulate": accumulate - 1,
                "average": average,
                "label_smoothing": label_smoothing,
                "sample_weight": sample_weight is not None,
                "class_weight": class_weight,
                "resume": resume,
            }
            for name, value in others.items():
                if value:
                    raise ValueError(f"{optimizer} takes no {name}")
            solved: History = optimizer.fit(
                self,
                x,
                y,
                epochs=epochs,
                l2=l2,
                validation=validation,
                callbacks=callbacks,
                metrics=metrics,
                progress=progress,
            )
            return solved
        return self.fitting(
            x,
            y,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            l1=l1,
            l2=l2,
            max_norm=max_norm,
            clip_value=clip_value,
            clip_norm=clip_norm,
            accumulate=accumulate,
            average=average,
            label_smoothing=label_smoothing,
            sample_weight=sample_weight,
            class_weight=class_weight,
            validation=validation,
            metrics=metrics,
            callbacks=callbacks,
            progress=progress,
            evaluate_training=evaluate_training,
            resume=resume,
        ).run()

    def fitting(self, x: Any, y: Any = None, *, epochs: int, **settings: Any) -> Fit:
        """A fit whose epochs are asked for one by one.

        Parameters
        ----------
        x, y, epochs : as for `fit`
        **settings : optional
            All others of `fit`, with the same defaults.

        Returns
        -------
        Fit
            To be entered by ``with`` and iterated over: each turn trains an epoch and gives its row
            of the history.

        Raises
        ------
        ValueError, TypeError, DivergenceError
            As `fit`.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], activations=["identity"], seed=0)
        >>> x, y = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
        >>> with net.fitting(x, y, epochs=100, batch_size=3) as fit:
        ...     for row in fit:
        ...         if row["train_cost"] < 0.01:
        ...             break
        >>> len(fit.history) == net.epochs < 100
        True
        """
        recipe = self._recipe(settings)
        return fitting(self, x, y, epochs=epochs, recipe=recipe, **settings)

    def step(
        self,
        x: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        label_smoothing: float = 0.0,
        **settings: Any,
    ) -> float:
        """Train on one mini-batch of one's own: a single step.

        Parameters
        ----------
        x : array, shape (m, n_0)
        y : array, shape (m, n_L), or (m,) of class indices
        sample_weight, label_smoothing : optional
            As for `fit`.
        **settings : optional
            What `fit` says of a step: ``optimizer``, ``l1``, ``l2``, ``max_norm``, ``clip_value``,
            ``clip_norm``, ``accumulate``, ``average``.

        Returns
        -------
        float
            Mean cost of the mini-batch before the step.

        Raises
        ------
        ValueError, TypeError
            As `fit`.
        DivergenceError
            If the cost or a parameter is no longer finite; the parameters are those before the
            step, and the optimizer's memory is made anew.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], activations=["identity"], initializer="zeros")
        >>> net.step([[1.0], [2.0]], [[1.0], [3.0]], optimizer=bpnet.SGD(0.1))
        2.5
        >>> net.steps, round(net.weights[0].item(), 3)
        (1, 0.35)
        """
        recipe = self._recipe(settings)
        if settings:
            raise TypeError(f"a step has no {', '.join(settings)}")
        return step(
            self,
            x,
            y,
            recipe=recipe,
            label_smoothing=label_smoothing,
            sample_weight=sample_weight,
        )

    def averaged(self) -> Network:
        """A copy that has the moving average of the parameters; see ``average`` of `fit`.

        Raises
        ------
        ValueError
            If the latest fit kept none.

        Examples
        --------
        >>> import bpnet
        >>> net = bpnet.Network([1, 1], seed=0)
        >>> history = net.fit([[0.0]], [[1.0]], epochs=2, batch_size=1, average=0.9)
        >>> net.averaged().biases[0].item() < net.biases[0].item()
        True
        """
        if not self._average:
            raise ValueError("there is no moving average: fit(..., average=0.999) keeps one")
        other = self.copy()
        (other._theta,) = other._average
        other._average = ()
        return other

    # ------------------------------------------------------------------ elsewhere, and kept

    def to(
        self,
        backend: str | Backend | Any = None,
        device: str | Any = None,
        dtype: str | None = None,
        *,
        compute_dtype: str | None = "keep",
        deterministic: bool | None = None,
    ) -> Network:
        """The same network with another library, on another device or in another dtype.

        Parameters
        ----------
        backend, device, dtype, compute_dtype, deterministic : optional
            As for `bpnet.get_backend`; what is not named stays, and a device is kept where the
            other library has it.

        Returns
        -------
        Network
            A new one, with its own parameters, optimizer memory and counts.

        Raises
        ------
        BackendUnavailableError
            If that is not to be had here.
        ValueError
            If the other backend cannot compute in ``compute_dtype``, or the same bits in every run.

        Examples
        --------
        >>> import bpnet
        >>> bpnet.Network([2, 1], seed=0).to(dtype="float64").dtype
        'float64'
        """
        settings: Any = {"compute_dtype": compute_dtype, "deterministic": deterministic}
        chosen = _backends.moved(self.backend, backend, device, dtype, **settings)
        state = self.__getstate__()
        state["backend"] = chosen
        other = object.__new__(Network)
        other.__setstate__(state)
        return other

    def copy(self) -> Network:
        """An independent network with the same parameters, memory and counts."""
        return self.to()

    def __copy__(self) -> Network:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Network:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        state = {k: v for k, v in self.__dict__.items() if k != "_runs"}
        with self.backend.scope():
            state["_theta"] = self.backend.to_numpy(self._theta)
            for name in _VECTORS:
                state[name] = tuple(map(self.backend.to_numpy, state[name]))
        state["metadata"] = copy.deepcopy(self.metadata)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._runs = {}
        self._receive(state["_theta"])
        with self.backend.scope():
            for name in _VECTORS:
                setattr(self, name, tuple(map(self.backend.asarray, state[name])))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write parameters, architecture and `metadata` to a safetensors file.

        `bpnet.load` reads it back bit for bit. The optimizer's memory is not part of it.

        Parameters
        ----------
        path : path
            By convention ``*.safetensors``.

        Raises
        ------
        OSError
            If the file cannot be written; one that was there is kept.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import bpnet
        >>> net = bpnet.Network([2, 3, 1], seed=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     net.save(pathlib.Path(folder, "model.safetensors"))
        ...     same = bpnet.load(pathlib.Path(folder, "model.safetensors"))
        >>> bool((same.weights[0] == net.weights[0]).all())
        True
        """
        write_model(path, self._arrays(), self._header())

    def _arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """What `save` writes, by name."""
        arrays, to_numpy = {}, self.backend.to_numpy
        with self.backend.scope():
            w, b = self._layout.split(self._theta, self.backend.xp)
            for l in range(len(w)):
                arrays[f"weights.{l}"] = to_numpy(w[l])
                arrays[f"biases.{l}"] = to_numpy(b[l])
            if self._layout.norms:
                arrays["norms"] = to_numpy(self._theta[self._layout.n_plain :])
            if self._running:
                arrays["running"] = to_numpy(self._running[0])
        return arrays

    def _header(self) -> dict[str, Any]:
        """What `save` writes beside the arrays."""
        return {
            "sizes": self.sizes,
            "activations": [_activations.to_dict(sigma) for sigma in self._sigma],
            "layers": self._architecture.options(),
            "cost": _costs.to_dict(self.cost),
            "dtype": self.dtype,
            "task": self.task,
            "seed": self.seed,
            "epochs": self.epochs,
            "metadata": self.metadata,
        }

    # ------------------------------------------------------------------ for the training loop

    def _weighted_input(self, x: Any) -> Array:
        """z of the output layer, shape (m, n_L)."""
        return self._forward()(
            (self._theta, self._running), as_inputs(x, self.sizes[0], self.backend)
        )

    def _forward(self) -> Callable[[Array, Array], Array]:
        """The backend's forward pass, ``forward(theta, x)``, to z of the output layer."""
        if "forward" not in self._runs:
            self._runs["forward"] = compile_forward(self.backend, make_forward(self._architecture))
        return self._runs["forward"]

    def _receive(self, theta: np.ndarray[Any, Any]) -> None:
        with self.backend.scope():
            self._theta = self.backend.from_host(theta, self.dtype)

    def _parameters(
        self, what: str, given: Sequence[Any], shapes: Sequence[tuple[int, ...]]
    ) -> list[np.ndarray[Any, Any]]:
        """Each layer's array, checked and flattened, on the host."""
        if len(given) != len(shapes):
            raise ValueError(f"the network has {len(shapes)} {what}, {len(given)} were given")
        parts = []
        for l, (one, shape) in enumerate(zip(given, shapes, strict=True)):
            host = self.backend.to_numpy(self.backend.asarray(one, f"{what}[{l}]"))
            if host.shape != shape:
                raise ValueError(f"{what}[{l}] has shape {host.shape}, the network's {shape}")
            if not np.isfinite(host).all():
                raise ValueError(f"{what}[{l}] is not finite everywhere")
            parts.append(host.reshape(-1))
        return parts

    def _copies(self) -> tuple[list[Array], list[Array]]:
        with self.backend.scope():
            return self._layout.split(self.backend.copy(self._theta), self.backend.xp)

    def _samples(
        self, x: Any, y: Any, *, training: bool = False, names: tuple[str, str] = ("x", "y")
    ) -> tuple[Array, Array]:
        """Inputs and rows of targets, checked, on the device."""
        x = as_inputs(x, self.sizes[0], self.backend, names[0])
        first = training and self.epochs == 0
        if first:
            self._seen_regression = False
        y, labelled = as_targets(y, x.shape[0], self, names)
        if first:
            self._seen_regression = not labelled and not _zeros_and_ones(y, self.backend.xp)
        return x, y

    def _set_norms(self, norms: np.ndarray[Any, Any], running: np.ndarray[Any, Any]) -> None:
        """Take over scales and shifts, and running means and variances, from a file."""
        sizes = self._layout.size - self._layout.n_plain, self._architecture.running_size
        for what, found, size in zip(("norms", "running"), (norms, running), sizes, strict=True):
            if found.shape != (size,):
                raise ValueError(f"{what} has shape {found.shape}, its header means {(size,)}")
        with self.backend.scope():
            theta = self.backend.to_numpy(self._theta)
            theta[self._layout.n_plain :] = norms
            self._receive(theta)
            if running.size:
                self._running = (self.backend.from_host(running, self.dtype),)

    def _recipe(self, settings: dict[str, Any]) -> StepConfig:
        """How a step goes down; what says so is taken out of the settings."""
        chosen = {name: settings.pop(name) for name in _OF_STEPS if name in settings}
        optimizer = settings.pop("optimizer", _SGD)
        return StepConfig(optimizer, compute=self.backend.cast_dtype, **chosen)

    def _prepare(self, recipe: StepConfig) -> None:
        """Make the optimizer's memory, unless there is one of its kind already."""
        optimizer = recipe.optimizer
        if type(optimizer) is not type(self._optimizer):
            self._memory = optimizer.init(self._theta, self.backend.xp)
            self._since = self.steps
        self._optimizer = optimizer
        if not recipe.average:
            self._average = ()
        elif not self._average:
            self._average = (self.backend.copy(self._theta),)
        if not recipe.scaled:
            self._scaling = ()
        elif not self._scaling:
            first = np.asarray(FIRST_SCALING)
            self._scaling = (self.backend.from_host(first, self.dtype),)

    def _state(self) -> Any:
        """What a step goes on from."""
        return self._theta, self._memory, self._running, self._average, self._scaling

    def _receive_state(self, state: Any, steps: int) -> None:
        """Keep what a run came to: copies, but of the optimizer's memory, which stays the run's."""
        theta, self._memory, running, average, self._scaling = state
        keep = self.backend.write_into
        self._theta = keep(self._theta, theta)
        self._running = tuple(map(keep, self._running, running))
        self._average = tuple(map(keep, self._average, average))
        self.steps = steps

    def _forget(self) -> None:
        """Make the optimizer's memory anew, as a run that failed has changed it."""
        if self._optimizer is not None:
            self._memory = self._optimizer.init(self._theta, self.backend.xp)
            self._since = self.steps

    def _compiled(self, recipe: StepConfig) -> Callable[..., Any]:
        """The backend's run of training steps, made once for each way of stepping."""
        if recipe not in self._runs:
            step = make_step(self._architecture, self.cost, recipe)
            kept = {"forward": self._runs["forward"]} if "forward" in self._runs else {}
            self._runs = {**kept, recipe: compile_step(self.backend, step)}
        return self._runs[recipe]


def load(
    path: str | os.PathLike[str],
    *,
    backend: str | Backend | Any = None,
    device: str | Any = None,
    dtype: str | None = None,
    custom: dict[str, Any] | None = None,
) -> Network:
    """Read a network that `Network.save` wrote, or the network of a checkpoint.

    Parameters
    ----------
    path : path
        Of a file.
    backend, device, dtype : optional
        As for `bpnet.get_backend`; the type is by default that of the file.
    custom : dict, optional
        Name -> object of the activations and costs that are not bpnet's own.

    Returns
    -------
    Network
        Its parameters equal those saved, bit for bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model of bpnet, is damaged, or comes from a newer release.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.load("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: there is no model file 'nowhere.safetensors'
    """
    _backends.get_backend(backend, device, dtype)  # what is wrong with these is none of the file's
    arrays, header = read_model(path)
    custom = custom or {}
    try:
        sizes = header["sizes"]
        if "theta" in arrays:  # of a checkpoint
            arrays |= _named(arrays.pop("theta"), sizes)
        weights = [arrays.pop(f"weights.{l}") for l in range(len(sizes) - 1)]
        biases = [arrays.pop(f"biases.{l}") for l in range(len(sizes) - 1)]
        for l, shape in enumerate(zip(sizes[1:], sizes[:-1], strict=True)):
            if weights[l].shape != shape:  # before room is made for what the header promises
                raise ValueError(f"weights.{l} has shape {weights[l].shape}, its header {shape}")
        net = Network(
            layers_from(sizes, header.get("layers", {})),
            activations=[_activations.from_dict(one, custom) for one in header["activations"]],
            cost=_costs.from_dict(header["cost"], custom),
            initializer="zeros",
            backend=backend,
            device=device,
            dtype=dtype or header["dtype"],
            seed=header["seed"],
            task=header["task"],
        )
        net.epochs, net.metadata = _natural("epochs", header["epochs"]), dict(header["metadata"])
        norms, running = arrays.pop("norms", np.zeros(0)), arrays.pop("running", np.zeros(0))
        if arrays:
            raise ValueError(f"it has unknown {', '.join(arrays)}")
        net.set_parameters(weights, biases)
        net._set_norms(norms, running)
    except BackendUnavailableError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{os.fspath(path)!r} cannot be read, or is damaged: {what}") from error
    return net


def _named(theta: np.ndarray[Any, Any], sizes: Sequence[int]) -> dict[str, np.ndarray[Any, Any]]:
    """Parts of theta by the names that `Network.save` gives them."""
    layout = Layout(sizes)
    weights, biases = layout.split(theta, np)
    parts = [*enumerate(weights), *enumerate(biases)]
    kinds = ["weights"] * len(weights) + ["biases"] * len(biases)
    named = {f"{kind}.{l}": part for kind, (l, part) in zip(kinds, parts, strict=True)}
    return {**named, "norms": theta[layout.n_plain :]}


def _natural(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, not {value!r}")
    if value < 0:
        raise ValueError(f"{name} must be at least 0, not {value}")
    return int(value)


def _zeros_and_ones(y: Array, xp: Any) -> bool:
    return bool(xp.all((y == 0.0) | (y == 1.0)))
