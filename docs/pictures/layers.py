"""Draw ``layers.png``: ``python docs/pictures/layers.py``. It takes a minute."""

from pathlib import Path

import bpnet
from bpnet import Layer
from bpnet.data import load_digits

EPOCHS, DEPTH, WIDTH = 40, 8, 32
DEEP = {
    "plain": {},
    "batch normalization": {"normalization": "batch"},
    "layer normalization": {"normalization": "layer"},
    "residual": {"residual": True},
}
WIDE = {
    "plain": [64, 256, 256, 10],
    "dropout 0.2, 0.5, 0.5": [Layer(64, dropout=0.2), *[Layer(256, dropout=0.5)] * 2, 10],
}


def trained(layers, activation, rate):
    """The history of a network on the digits."""
    digits = load_digits()
    net = bpnet.Network(
        layers, activations=activation, cost="log_likelihood", seed=0, dtype="float32"
    )
    return net.fit(
        *digits.train,
        epochs=EPOCHS,
        batch_size=32,
        optimizer=bpnet.Momentum(rate),
        validation=digits.validation,
        evaluate_training=True,
    )


def draw(path):
    """Training costs of deep networks; costs of wide ones with dropout and without."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, options in DEEP.items():
        hidden = [Layer(WIDTH), *[Layer(WIDTH, **options)] * (DEPTH - 1)]
        history = trained([64, *hidden, 10], "sigmoid", 0.1)
        left.plot(history["epoch"], history["train_cost"], label=name)
        print(name, history.rows[-1])
    left.set(yscale="log", xlabel="epoch", ylabel="training cost")
    left.set_title(f"{DEPTH} sigmoid layers of {WIDTH}", fontsize="medium")
    for k, (name, layers) in enumerate(WIDE.items()):
        history = trained(layers, "relu", 0.02)
        print(name, history.rows[-1])
        for what, style in (("validation", "-"), ("train", ":")):
            label = f"{name}, {'training' if what == 'train' else what}"
            right.plot(history["epoch"], history[f"{what}_cost"], style, color=f"C{k}", label=label)
    right.set(yscale="log", xlabel="epoch", ylabel="cost")
    right.set_title("64 - 256 - 256 - 10, rectifiers", fontsize="medium")
    for axes in (left, right):
        axes.legend(fontsize="small", frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".png"))
