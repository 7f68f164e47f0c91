"""What the docstrings of both estimators say alike."""

from __future__ import annotations

import inspect
from typing import TypeVar

__all__ = ["documented"]

C = TypeVar("C", bound=type)

_PARAMETERS = """
hidden_layer_sizes : array-like of int, or int, default=(100,)
    Neurons of each hidden layer; ``()`` for none.
activation : str, Activation or sequence of them, default="relu"
    Activation of the hidden layers, or of each one: scikit-learn's ``"identity"``,
    ``"logistic"``, ``"tanh"`` and ``"relu"``, every other name of `bpnet.activations`, or an
    object of one's own.
solver : {"lbfgs", "sgd", "adam"}, default="adam"
    L-BFGS on all samples at once, stochastic gradient descent with momentum, or Adam.
alpha : float, default=0.0001
    Strength of the L2 penalty: ``alpha / 2`` times the sum of the squared weights, divided by the
    number of samples of the mini-batch (or the sum of their weights).
batch_size : int or "auto", default="auto"
    Samples of a mini-batch; ``"auto"`` is ``min(200, n_samples)``. L-BFGS has none.
learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
    With "sgd": ``learning_rate_init`` throughout; divided by ``t ** power_t`` after t samples; or
    divided by 5 each time that training stagnates, down to 1e-6.
learning_rate_init : float, default=0.001
    The learning rate at first; not for L-BFGS.
power_t : float, default=0.5
    Exponent of "invscaling".
max_iter : int, default=200
    The most epochs; for L-BFGS, the most iterations.
shuffle : bool, default=True
    Whether to shuffle the samples in each epoch.
random_state : int, RandomState or None, default=None
    Draws the initial parameters, the samples held out, and the order of the samples, in
    scikit-learn's order; None draws from NumPy's global one.
tol : float, default=1e-4
    The least improvement that counts; for L-BFGS, the largest entry of the gradient at the end.
verbose : bool, default=False
    Whether to print the loss of each epoch.
warm_start : bool, default=False
    Whether a further ``fit`` begins with the parameters of the one before. Like ``partial_fit`` it
    trains by the present settings, of which only the layers' sizes must be the same.
    ``partial_fit`` keeps the optimizer, the library and the dtype of its first call.
momentum : float, default=0.9
    Momentum of "sgd", from 0 to 1.
nesterovs_momentum : bool, default=True
    Whether "sgd" uses Nesterov's momentum.
early_stopping : bool, default=False
    Whether to stop by the score on held-out samples, or on ``X_val`` of ``fit``, in place of the
    loss, and to keep the parameters of the best epoch. L-BFGS has its own end.
validation_fraction : float, default=0.1
    Share of the samples that is held out for that.
beta_1, beta_2 : float, default=0.9, 0.999
    Decay rates of Adam's running means of the gradient and of its square.
epsilon : float, default=1e-8
    Added to the denominator of Adam's step.
n_iter_no_change : int, default=10
    Training ends after more than so many epochs in a row without improvement; ``numpy.inf`` for
    never.
max_fun : int, default=15000
    The most evaluations of the loss by L-BFGS.
"""

_OWN_PARAMETERS = """
dropout : float or sequence of float, default=0.0
    Share of the hidden activations that each training step drops, of all layers or of each. An int
    as ``random_state`` is the seed of what is dropped; otherwise a seed is drawn from it after the
    initial parameters. Not for L-BFGS.
optimizer : Optimizer, LBFGS or str, optional
    One of bpnet's, in place of the solver's: ``solver``, ``momentum``, ``nesterovs_momentum``,
    ``beta_1``, ``beta_2`` and ``epsilon`` then mean nothing. An object, such as
    ``bpnet.AdamW(0.01)``, has its own learning rate; a name has ``learning_rate_init``.
    ``learning_rate`` counts with any of them. ``partial_fit`` keeps both of its first call.
schedule : callable, optional
    The learning rate as a function of the number of the step from 0, such as those of
    `bpnet.schedules`, in place of ``learning_rate_init`` and of the optimizer's own. It goes on
    from one ``partial_fit`` to the next and begins anew with each ``fit``. Not together with
    ``learning_rate`` other than "constant".
callbacks : Callback or list of them, optional
    See `bpnet.Callback`. They watch ``train_cost``, ``train_objective`` (the loss with its penalty)
    and, where there is validation data, ``validation_cost`` (without weights). Fits of an estimator
    cannot be resumed: a `bpnet.Checkpoint` writes what `bpnet.load` reads as a network.
backend, device : str or object, optional
    The library that computes, and where; by default that of X, for NumPy's arrays what
    `bpnet.use` says, else NumPy. See `bpnet.get_backend`.
dtype : {"float32", "float64"}, optional
    Type of the parameters; by default that of X.
compute_dtype : {"bfloat16", "float16", "tf32"}, optional
    What training computes in, where library and device can.
parallel : {"mpi", "torch", "nccl", "serial"} or Communicator, optional
    What joins the processes that ``mpiexec`` or ``torchrun`` has started. All of them call ``fit``
    or ``partial_fit`` with the same samples, and have the same network after it. What
    ``random_state=None`` draws is then the first one's, which alone prints and warns. Not for
    L-BFGS. Copies share a Communicator; pickles and files have its name.
blocks : int or None, default=4
    Parts of a mini-batch that are computed alone, as for `Network.fit`: with ``parallel`` the
    network has the same bits however many processes there are. None for a part each.
"""

_ATTRIBUTES = """
network_ : Network
    What was trained.
coefs_ : list of array, shape (n_in, n_out) each
    Weights of each layer. They may be changed, or replaced.
intercepts_ : list of array, shape (n_out,) each
    Biases of each layer.
loss_ : float
    The last loss, with the penalty.
loss_curve_ : list of float
    The loss of each epoch; not for L-BFGS.
best_loss_ : float or None
    The least loss; None with early stopping.
validation_scores_, validation_loss_curve_ : list of float, or None
    Score, and loss without the penalty, on the validation samples after each epoch; None where
    there are none. Weights count in both.
best_validation_score_ : float or None
    The highest of these scores.
converged_ : bool
    Whether training ended as more than ``n_iter_no_change`` epochs had brought no improvement (or
    L-BFGS met its tolerance). After ``partial_fit``, whether that many calls in a row did not.
n_iter_ : int
    Epochs of the last call, or iterations.
t_ : int
    Samples trained on, with repetition.
n_features_in_ : int
    Number of features.
feature_names_in_ : array of str, shape (n_features,)
    Names of the columns; only after a fit to a frame whose columns all have one.
n_layers_, n_outputs_ : int
    Number of layers, counting the input's; number of output neurons.
out_activation_ : str
    Name of the output layer's activation.
"""


def documented(estimator: C) -> C:
    """An estimator whose docstring says what both have in common."""
    if estimator.__doc__ is not None:  # it is with python -OO
        shared = {"parameters": _PARAMETERS, "own": _OWN_PARAMETERS, "attributes": _ATTRIBUTES}
        text = inspect.cleandoc(estimator.__doc__)  # which Python 3.13 has done already
        for name, told in shared.items():
            text = text.replace(f"<{name}>", told.strip())
        estimator.__doc__ = text
    return estimator
