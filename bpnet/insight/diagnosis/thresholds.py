"""Where a figure becomes a finding, and why there."""

from __future__ import annotations

__all__ = [
    "BINS",
    "CHANCE",
    "DEAD",
    "DEVIATIONS",
    "DRAWS",
    "EXPLODING",
    "FAR_FROM_CONSTANT",
    "FEWEST_NUMBERS",
    "FEWEST_SAMPLES",
    "FEW_NEURONS",
    "FLAT",
    "FREQUENT_CLASS",
    "LARGELY_SATURATED",
    "LARGEST_INPUT",
    "LARGEST_TARGET",
    "LARGE_STEP",
    "LARGE_WEIGHTS",
    "LEARNED",
    "LEARNED_UNTRAINED",
    "MISCALIBRATED",
    "MOST_DEAD",
    "MOST_ROWS",
    "MOST_SATURATED",
    "MOST_WRONG",
    "NOTHING_LEARNED",
    "RARE_CLASS",
    "SMALLEST_INPUT",
    "SMALLEST_TARGET",
    "SMALL_STEP",
    "STEPS_TO_LEARN",
    "STEP_UP",
    "VANISHING",
    "WELL_LEARNED",
]

# ------------------------------------------------------------------ samples

MOST_ROWS = 2048
"""Samples that are looked at: shares are then right to about a hundredth."""

LARGEST_INPUT = 10.0
"""Root mean square of a column of x. Standardized columns have 1, raw measurements in small units
up to 8; initial weights are made for 1."""

SMALLEST_INPUT = 1e-3
"""The same of all of x. Gradients of layer 1 are proportional to it (BP4)."""

LARGEST_TARGET, SMALLEST_TARGET = 10.0, 1e-2
"""Root mean square, and standard deviation, of targets of unbounded outputs. Outputs begin at about
1: a tenfold distance is a tenfold error (BP1), and a hundredfold gradient of the quadratic cost's
first steps by weights that grow along; below a hundredth the initial outputs are noise to unlearn.
"""

RARE_CLASS, CHANCE = 0.2, 0.01
"""A class is missing if one with a fifth of an equal share would be so with this chance at most."""

FREQUENT_CLASS = 0.9
"""Labels are constant if a class with that share would be alone with no more than the chance."""

FEWEST_NUMBERS = 5
"""Numbers that are equal by no chance: targets of a regression are constant from so many on."""

# ------------------------------------------------------------------ layers

FLAT = 0.1
"""A neuron is saturated where its slope is below a tenth of the largest: |z| > 3.6 of a sigmoid."""

DEAD = 0.005
"""A neuron is dead if its slope is below this share on every sample: a leaky rectifier's is not."""

LARGE_WEIGHTS = 3.0
"""Root mean square of w times sqrt(n_{l-1}): recommended initial weights have about 1, or 1.4
before rectifiers; standard-normal ones have sqrt(n_{l-1})."""

LARGELY_SATURATED, MOST_SATURATED = 0.5, 0.85
"""Of a hidden layer's activations; the first where its weights are large, too. Standard-normal
weights on 784 pixels give 0.7, recommended ones less than 0.05 on standardized columns. Tanh on
columns of up to 8 has 0.7 as well, with weights that are none too large, and learns."""

MOST_DEAD = 0.75
"""Of a hidden layer's neurons. With zero biases, half the neurons of the upper layers of a deep
network of rectifiers are dead at the start, and it learns none the less."""

FEW_NEURONS = 8
"""Below that, a share is chance: a layer must be dead as a whole."""

FEWEST_SAMPLES = 10
"""A rectifier is idle on half of all samples: on fewer than ten, many are by chance."""

MOST_WRONG = 0.2
"""Of the output neurons, saturated at the wrong end where BP1 has sigma'(z)."""

VANISHING = 100.0
"""How many times smaller the errors of a layer may be than those of one above. Sigmoids shrink them
fourfold per layer: three hidden layers stay below, and learn; four do not."""

EXPLODING = 100.0
"""The same for layers below."""

FAR_FROM_CONSTANT = 20.0
"""Times the cost of the best constant answer. Initial weights as recommended cost up to 5 times
that; the outputs are a multiple of what they should be."""

# ------------------------------------------------------------------ training

LEARNED = 0.2
"""Share of the best constant's cost that is saved: what a network that learns may look like is its
own affair."""

LEARNED_UNTRAINED = 0.5
"""The same of a network that has done no step, whose weights may come from elsewhere: by chance,
random ones save up to 0.3 where there are few classes."""

WELL_LEARNED = 0.8
"""The same share: below it, a fit that began with far too large steps, and made layers flat, could
have come further."""

NOTHING_LEARNED, STEPS_TO_LEARN = 0.05, 200
"""Share that has not been saved after so many steps: fewer are a start. A network learns some per
cent of unrelated labels by heart."""

SMALL_STEP = 1e-4
"""Change of the weights in a step, over the weights. About 1e-3 is usual; at 1e-4 it takes 10,000
steps for them to become others."""

LARGE_STEP = 1.0
"""The same: nothing is left of the weights that the gradient belonged to."""

STEP_UP = 2.0
"""How many times the cost, or the constant's if that is larger, a step on the very samples may lead
to: a step of gradient descent that is short enough lowers it."""

# ------------------------------------------------------------------ calibration

BINS = 10
"""Of equally many samples each."""

DRAWS = 200
"""Sets of labels drawn from the probabilities, for the error that a calibrated network has too."""

MISCALIBRATED, DEVIATIONS = 0.1, 4.0
"""Error beyond that of a calibrated network; and in its standard deviations."""
