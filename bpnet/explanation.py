"""What the compiler makes of a network's training step."""

from __future__ import annotations

from typing import Any

from ._lib.constraints import Integer
from .compiler.explanation import Explanation, explain_step
from .network import Network
from .training.settings import STEP_SETTINGS, step_config, with_defaults
from .training.state import Trained
from .training.step import make_step, step_inputs
from .training.store import StateStore, with_penalty

__all__ = ["explain"]


def explain(net: Network, batch_size: int = 32, **settings: Any) -> Explanation:
    """Explain what a training step of a network becomes; nothing is run or changed.

    Parameters
    ----------
    net : Network
    batch_size : int, optional
        Samples of the mini-batch.
    **settings : optional
        Those of `Network.step`: ``optimizer``, ``l2``, ...

    Returns
    -------
    Explanation
        To be printed: the passes applied and what each changed, buffers, calls in order, and the
        source that runs; or why the plain loop runs the step.

    Raises
    ------
    TypeError
        If ``net`` is no network, or for a setting that a step does not have.
    ValueError
        For a ``batch_size`` below 1, or a setting out of its range.

    Examples
    --------
    >>> import bpnet
    >>> text = str(bpnet.explain(bpnet.Network([784, 30, 10], seed=0), batch_size=10))
    >>> print(*text.splitlines()[:3], sep="\\n")
    backend: <numpy on cpu, float32>
    target: NumpyTarget
    <BLANKLINE>
    >>> cube = bpnet.activations.CustomActivation(
    ...     lambda z, xp: z**3, lambda z, a, xp: 3.0 * z * z, name="cube"
    ... )
    >>> print(bpnet.explain(bpnet.Network([2, 2, 1], activations=[cube, "sigmoid"], seed=0)))
    backend: <numpy on cpu, float32>
    target: NumpyTarget
    the plain loop runs this step: power 3 is not known to the compiler
    """
    if not isinstance(net, Network):
        raise TypeError(f"net must be a Network, not {type(net).__name__}")
    size = Integer(1)("batch_size", batch_size)
    stated: Any = Network.fit.__kwdefaults__
    defaults = {name: stated[name] for name in STEP_SETTINGS}
    given = with_defaults(settings, defaults, "a step")
    config = step_config(given, net.backend)
    if given["sample_weight"] is not None:
        config = config.replaced(weighted=True)
    model, backend = net.model, net.backend
    with backend.scope():
        store = StateStore(backend, Trained(net.state))  # beside the network's own
        store.init_optimizer(config)
        return explain_step(
            backend,
            make_step(model, config),
            with_penalty(store.state, config, backend),
            (size, model.sizes[0]),
            (size, model.sizes[-1] + config.weighted),
            step_inputs(model, config, net.seed, net.steps, 0),
        )
