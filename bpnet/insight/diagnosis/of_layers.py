"""Rules about layers: what becomes of the errors on their way down."""

from __future__ import annotations

from collections.abc import Iterator

from .evidence import Evidence
from .finding import PREVENTS, SLOWS, Finding
from .layers import LayerFigures
from .thresholds import (
    EXPLODING,
    FAR_FROM_CONSTANT,
    FEW_NEURONS,
    FEWEST_SAMPLES,
    LARGE_WEIGHTS,
    LARGELY_SATURATED,
    LARGEST_INPUT,
    MOST_DEAD,
    MOST_SATURATED,
    MOST_WRONG,
    VANISHING,
)

__all__ = ["dead_layers", "rules_on_layers", "saturated_layers"]

_BP2 = "BP2, delta^l = (w^(l+1)T delta^(l+1)) * sigma'(z^l)"
_SMALL_WEIGHTS = 0.3
_LOW_BIAS = -1.0
_SHRINKING = 0.5  # mean slope below which the activation function is what makes errors small


def symmetric(seen: Evidence) -> Iterator[Finding]:
    """Hidden neurons that are and remain the same."""
    found = [one for one in seen.layers[:-1] if one.symmetric]
    if found and not seen.learned:
        layers = _layers(found)
        zero = all(one.weights == 0.0 for one in found)
        yield Finding(
            "symmetric",
            f"all neurons of {layers} have the same weights{', 0,' if zero else ''} and the same "
            "gradient: each layer is one neuron, repeated",
            f"{_BP2} and BP4, dC/dw = delta a: equal weights get equal errors, hence equal steps, "
            "for ever",
            "Make the network with random weights: initializer='auto', the default",
            PREVENTS,
            found[0].layer,
        )


def dead(seen: Evidence) -> Iterator[Finding]:
    """Layers whose neurons are flat on every sample."""
    found = [] if seen.learned else dead_layers(seen)
    if not found:
        return
    worst = max(found, key=lambda one: one.dead or 0.0)
    every = worst.dead == 1.0
    biases = min(found, key=lambda one: one.bias)
    because = f"; the biases of layer {biases.layer} are {biases.bias:.3g} on average"
    yield Finding(
        "dead_neurons",
        f"{'all' if every else f'{worst.dead:.0%} of the'} {worst.neurons} {worst.activation} "
        f"neurons of layer {worst.layer} are dead: sigma'(z) is 0 on each of "
        f"{seen.samples.looked_at:,} samples"
        + (f", and so in {_layers(found)}" if len(found) > 1 else "")
        + (because if biases.bias < _LOW_BIAS else ""),
        f"{_BP2}: where sigma'(z) is 0, delta is 0, and by BP3 and BP4 so is the gradient: no step "
        "brings such a neuron back",
        "Make the network anew, with biases of 0 as they begin, and train it with a lower learning "
        "rate, a tenth say; activations='leaky_relu' has no slope of 0",
        PREVENTS if every else SLOWS,
        worst.layer,
    )


def dead_layers(seen: Evidence) -> list[LayerFigures]:
    """Layers of which most neurons are dead."""
    if seen.samples.looked_at < FEWEST_SAMPLES:
        return []
    matched = seen.model.cost.matches(seen.model.output) or seen.layers[-1].wrong is not None
    return [
        one
        for one in (seen.layers[:-1] if matched else seen.layers)
        if one.dead is not None and one.dead >= (MOST_DEAD if one.neurons >= FEW_NEURONS else 1.0)
    ]


def saturated(seen: Evidence) -> Iterator[Finding]:
    """Hidden layers that are flat on most samples."""
    found = [] if seen.learned else saturated_layers(seen)
    if not found:
        return
    first = found[0]
    yield Finding(
        "saturated",
        f"{first.saturated:.0%} of the activations of layer {first.layer} are saturated"
        + (f", and most of {_layers(found[1:])}" if len(found) > 1 else "")
        + f": its z is about {first.z:.3g}, where {first.activation} is flat",
        f"{_BP2}: sigma'(z) is {first.slope:.2g} on average, and can be {first.steepest:.2g}",
        _desaturation(seen, first),
        PREVENTS if max(one.saturated or 0.0 for one in found) > MOST_SATURATED else SLOWS,
        first.layer,
    )


def saturated_layers(seen: Evidence) -> list[LayerFigures]:
    """Hidden layers of which most activations are saturated."""
    return [
        one
        for one in seen.layers[:-1]
        if one.saturated is not None
        and one.saturated > (LARGELY_SATURATED if one.spread > LARGE_WEIGHTS else MOST_SATURATED)
    ]


def _desaturation(seen: Evidence, one: LayerFigures) -> str:
    if one.layer == 1 and seen.samples.sizes.max() > LARGEST_INPUT:
        return "Scale x, in a new network"
    if one.spread > LARGE_WEIGHTS:
        return (
            f"Its weights are {one.spread:.2g} times as large as so many inputs allow. Make the "
            "network anew with initializer='auto', or the book's 'scaled_normal'"
        )
    return (
        "Make the network anew, and train it with a lower learning rate; "
        "bpnet.Layer(n, normalization='batch') keeps z small"
    )


def wrong_outputs(seen: Evidence) -> Iterator[Finding]:
    """Outputs that are saturated where they should not be, with a cost that does not make up."""
    last = seen.layers[-1]
    if seen.learned or last.wrong is None or last.wrong < MOST_WRONG or seen.out_of_range:
        return
    yield Finding(
        "saturated_outputs",
        f"{last.wrong:.0%} of the outputs are saturated at the wrong end",
        f"BP1, delta = dC/da * sigma'(z): with the cost {seen.model.cost.name} and "
        f"{last.activation} outputs, sigma'(z) is 0 just where the error is largest",
        "Use cost='cross_entropy', with which delta = a - y, for targets from 0 to 1; or make the "
        "network anew with initializer='auto'",
        SLOWS,
        last.layer,
    )


def vanishing(seen: Evidence) -> Iterator[Finding]:
    """Errors that become small on the way down."""
    slow = min(seen.layers, key=lambda one: one.delta)
    fast = max(seen.layers[slow.layer :], key=lambda one: one.delta, default=None)
    if seen.learned or fast is None or not fast.delta > VANISHING * slow.delta:
        return
    between = seen.layers[slow.layer - 1 : fast.layer - 1]
    if any(seen.layers[one.layer].weights == 0.0 for one in between):
        return  # weights of 0 let no error through until their first step, and do not stay
    if dead_layers(seen) or saturated_layers(seen) or any(one.symmetric for one in seen.layers):
        return  # those findings say it
    times = f"{fast.delta / slow.delta:,.3g} times" if slow.delta else "infinitely"
    per_layer = (slow.delta / fast.delta) ** (1.0 / (fast.layer - slow.layer))
    slopes = [one for one in between if one.slope is not None]
    flat = min(slopes, key=lambda one: one.slope or 0.0, default=None)
    by_slope = flat is not None and (flat.slope or 0.0) < _SHRINKING
    if by_slope and flat is not None:
        why = (
            f"{_BP2}, multiplies by sigma'(z) at each layer: for {flat.activation} at most "
            f"{flat.steepest:.2g}, here {flat.slope:.2g} on average"
        )
    else:
        why = f"{_BP2}, multiplies by the weights at each layer"
    small = [one for one in seen.layers[slow.layer : fast.layer] if one.spread < _SMALL_WEIGHTS]
    way_out = (
        "Use activations='relu' (with initializer='auto', the default), or fewer layers, or "
        "bpnet.Layer(n, normalization='batch')"
    )
    if small:
        why += f"; the weights of {_layers(small)} are small"
        way_out = "Make the network anew with initializer='auto'"
        if by_slope:
            way_out += ", and activations='relu' or 'tanh'"
    yield Finding(
        "vanishing_gradient",
        f"layer {slow.layer} learns {times} slower than layer {fast.layer}: |delta| is "
        f"{slow.delta:.2g} and {fast.delta:.2g}",
        f"{why}. Each layer keeps {per_layer:.2g} of the error",
        way_out,
        PREVENTS if slow.delta < fast.delta / VANISHING**2 else SLOWS,
        slow.layer,
    )


def exploding(seen: Evidence) -> Iterator[Finding]:
    """Errors that grow on the way down, or outputs far beyond the targets."""
    if seen.learned or seen.not_finite:
        return
    large = [one for one in seen.layers if one.spread > LARGE_WEIGHTS]
    way_out = "Make the network anew with initializer='auto'"
    if not large:
        way_out = (
            "Use bpnet.Layer(n, normalization='batch') in the hidden layers, or fewer layers; "
            "clip_norm=1.0 bounds the steps"
        )
    weights = f"the weights of {_layers(large)} are large" if large else "the layers add up"
    slow = min(seen.layers, key=lambda one: one.delta)
    fast = max(seen.layers[: slow.layer - 1], key=lambda one: one.delta, default=None)
    if fast is not None and slow.delta and fast.delta > EXPLODING * slow.delta:
        yield Finding(
            "exploding_gradient",
            f"|delta| grows from {slow.delta:.2g} in layer {slow.layer} to {fast.delta:.2g} in "
            f"layer {fast.layer}",
            f"{_BP2}, multiplies by the weights at each layer: {weights}",
            way_out,
            PREVENTS,
            fast.layer,
        )
    far = seen.answers.far(seen.answers.cost, FAR_FROM_CONSTANT)
    scaled = seen.samples.sizes.max() <= LARGEST_INPUT
    numbers = seen.samples.kind == "numbers"
    if far and scaled and (large if numbers else not seen.steps):
        yield _far(seen, weights, way_out)


def _far(seen: Evidence, weights: str, way_out: str) -> Finding:
    return Finding(
        "outputs_too_large",
        f"the cost, {seen.answers.cost:.3g}, is far above the {seen.answers.uninformed:.3g} of a "
        f"constant answer: z of the output layer is about {seen.layers[-1].z:.3g}",
        f"z = w a + b grows from layer to layer: {weights}",
        way_out,
        SLOWS,
        seen.layers[-1].layer,
    )


rules_on_layers = (symmetric, dead, saturated, wrong_outputs, exploding, vanishing)


def _layers(found: list[LayerFigures]) -> str:
    numbers = [str(one.layer) for one in found]
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    return f"layers {', '.join(numbers[:-1])} and {numbers[-1]}"
