"""Arguments that do not exist, and what was meant by them."""

from __future__ import annotations

from collections.abc import Collection

from .registry import closest

__all__ = ["check_arguments"]

# What other libraries, and books, call an argument.
_SAME = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "step_size": "learning_rate",
    "learning_rate_init": "learning_rate",
    "max_lr": "learning_rate",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_epochs": "epochs",
    "max_iter": "epochs",
    "nb_epoch": "epochs",
    "mini_batch_size": "batch_size",
    "validation_data": "validation",
    "validation_split": "validation",
    "validation_fraction": "validation",
    "eval_set": "validation",
    "verbose": "progress",
    "sample_weights": "sample_weight",
    "weights": "sample_weight",
    "loss": "cost",
    "loss_fn": "cost",
    "criterion": "cost",
    "random_state": "seed",
    "layers": "sizes",
    "activation_function": "activations",
    "dropout_rate": "dropout",
    "metric": "metrics",
    "callback": "callbacks",
    "hidden_layer_sizes": "sizes",
    "output_activation": "activations",
    "activation": "activations",
    "kernel_initializer": "initializer",
    "eps": "epsilon",
    "betas": "beta1",
    "beta_1": "beta1",
    "beta_2": "beta2",
    "total_steps": "steps",
    "decay_steps": "steps",
    "T_max": "steps",
    "gamma": "factor",
    "eta_min": "minimum",
    "min_lr": "min_rate",
    "X": "x",
    "x_train": "x",
    "y_train": "y",
    "lmbda": "l2",
    "alpha": "l2",
    "weight_decay": "l2",
}


_AT_NETWORK = "the network has it, as in bpnet.Network([2, 3, 1], "
_AT_FIT = "fit has it, as in net.fit(x, y, epochs=10, "
_AT_CALLBACK = "a callback does it, as in net.fit(..., callbacks="
_ELSEWHERE = {
    "learning_rate": "the optimizer has it, as in bpnet.SGD(learning_rate=0.1)",
    "momentum": "bpnet.Momentum and bpnet.Nesterov have it; BatchNorm has its own",
    "nesterov": "bpnet.Nesterov is an optimizer of its own",
    "amsgrad": "bpnet.AMSGrad is an optimizer of its own",
    "cost": f"{_AT_NETWORK}cost='cross_entropy')",
    "activations": f"{_AT_NETWORK}activations=['tanh', 'sigmoid'])",
    "seed": f"{_AT_NETWORK}seed=0)",
    "dropout": "a layer has it, as in bpnet.Network([2, bpnet.Layer(3, dropout=0.5), 1])",
    "epochs": "fit has it, as in net.fit(x, y, epochs=10)",
    "batch_size": f"{_AT_FIT}batch_size=10)",
    "optimizer": f"{_AT_FIT}optimizer='adam')",
    "validation": f"{_AT_FIT}validation=0.2)",
    "metrics": f"{_AT_FIT}metrics=['f1'])",
    "callbacks": f"{_AT_FIT}callbacks=[bpnet.EarlyStopping()], validation=0.2)",
    "l2": f"{_AT_FIT}l2=0.001)",
    "early_stopping": f"{_AT_CALLBACK}[bpnet.EarlyStopping()])",
    "patience": f"{_AT_CALLBACK}[bpnet.EarlyStopping(patience=10)])",
    "shuffle": f"{_AT_FIT}shuffle=False)",
}


def check_arguments(what: str, given: Collection[str], known: Collection[str]) -> None:
    """Raise if an argument is none of those that are known.

    Parameters
    ----------
    what : str
        Whose arguments they are.
    given, known : collection of str

    Raises
    ------
    TypeError
        The message says which one was meant, or where to give it.

    Examples
    --------
    >>> check_arguments("SGD", ["lr"], ["learning_rate"])
    Traceback (most recent call last):
    TypeError: SGD has no argument 'lr': did you mean 'learning_rate'?
    >>> check_arguments("fit", ["lr"], ["epochs"])
    Traceback (most recent call last):
    TypeError: fit has no argument 'lr': the optimizer has it, as in bpnet.SGD(learning_rate=0.1)
    """
    for name in given:
        if name in known:
            continue
        own = _SAME.get(name, name)
        if own not in known and own in _ELSEWHERE:
            hint = f": {_ELSEWHERE[own]}"
        elif meant := own if own in known else closest(name, known):
            hint = f": did you mean {meant!r}?"
        else:
            hint = f"; it has {', '.join(known) or 'none'}" if len(known) < 10 else ""
        raise TypeError(f"{what} has no argument {name!r}{hint}")
