"""Draw ``schedules.png``: ``python docs/pictures/schedules.py``."""

from pathlib import Path

from bpnet.schedules import (
    Constant,
    Cosine,
    CosineRestarts,
    Exponential,
    InverseTime,
    OneCycle,
    Piecewise,
    Polynomial,
    StepDecay,
    Warmup,
    plot,
)

STEPS = 1000
EACH = (
    Constant(0.1),
    StepDecay(0.1, steps=250, factor=0.5),
    Exponential(0.1, steps=250, factor=0.5),
    InverseTime(0.1, steps=100),
    Polynomial(0.1, steps=STEPS),
    Cosine(0.1, steps=STEPS),
    CosineRestarts(0.1, steps=143, multiplier=2),
    OneCycle(0.1, steps=STEPS),
    Warmup(Cosine(0.1, steps=900), steps=100),
    Piecewise([0.1, Polynomial(0.1, steps=300)], [700]),
)

if __name__ == "__main__":
    plot(EACH, STEPS, Path(__file__).with_suffix(".png"))
