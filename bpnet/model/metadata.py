"""What predictions need of a network's metadata, held against the network; names of classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._lib.constraints import Each, Number, Text
from .._lib.wording import shown
from ..data.labels import check_classes
from .model import Model

__all__ = ["check_metadata", "class_names", "with_classes"]


def class_names(model: Model, metadata: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The label of each class, in the order of the outputs; None where nothing names them.

    A model knows those that it learned; else the metadata may name them, as those of a run on a
    table do.

    Raises
    ------
    TypeError, ValueError
        If the metadata name them wrongly, as `check_metadata` says.
    """
    if model.classes is not None or model.task == "regression":
        return model.classes
    if metadata.get("classes"):
        _check_classes(metadata["classes"], model)
        return tuple(metadata["classes"])
    if metadata.get("preprocessing") is None:
        return None
    from ..data import Preprocessing  # reads tables, of which most networks know nothing

    return Preprocessing.from_dict(metadata["preprocessing"]).classes


def with_classes(model: Model, classes: Any) -> Model:
    """The same model, which knows its classes by these labels; None: by their indices.

    Raises
    ------
    TypeError, ValueError
        If they are no different texts, one for each class, or the task is not classification.
    """
    if classes is None:
        return model.replaced(classes=None)
    if model.task != "classification":
        raise ValueError(
            f"classes go with the task classification, and the task is {model.task}: leave them out"
        )
    return model.replaced(classes=check_classes(classes, model.class_count))


def check_metadata(metadata: Mapping[str, Any], model: Model) -> None:
    """Check the entries that predictions are written by; all others are the user's own.

    ``classes`` has the label of each class, ``features`` the name of each input, ``target`` the
    name of what is predicted, ``pixel_maximum`` what pixels are divided by, ``preprocessing`` what
    `bpnet.data.Preprocessing.to_dict` gave. Each may be absent or None.

    Raises
    ------
    TypeError, ValueError
        If one is of another kind, or for another number of inputs or classes.
    """
    given = {name: value for name, value in metadata.items() if value is not None}
    if "target" in given:
        Text()("metadata.target", given["target"])
    if given.get("features"):
        Each(Text())("metadata.features", given["features"])
        _check_count("features", given["features"], model.sizes[0], "inputs")
    if "pixel_maximum" in given:
        Number(0.0, closed="neither")("metadata.pixel_maximum", given["pixel_maximum"])
    if given.get("classes") and model.task != "regression":
        _check_classes(given["classes"], model)
    if "preprocessing" in given:
        _check_preprocessing(given["preprocessing"], model)


def _check_classes(classes: Any, model: Model) -> None:
    if not isinstance(classes, list | tuple):
        raise TypeError(f"metadata.classes must be a list of labels, not {shown(classes)}")
    for k, label in enumerate(classes):
        if not isinstance(label, str | int | float):
            raise TypeError(f"metadata.classes[{k}] must be text or a number, not {shown(label)}")
    _check_count("classes", classes, model.class_count, "classes")


def _check_preprocessing(record: Any, model: Model) -> None:
    from ..data import Preprocessing  # reads tables, of which most networks know nothing

    try:
        known = Preprocessing.from_dict(record)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"metadata.preprocessing: {error}") from error
    _check_count("preprocessing", known.features, model.sizes[0], "inputs")
    if known.task != model.task:
        raise ValueError(
            f"metadata.preprocessing is for {known.task}, the network's task is {model.task}"
        )
    if known.classes is None:
        _check_count("preprocessing.targets", known.targets, model.sizes[-1], "outputs")
    else:
        _check_count("preprocessing.classes", known.classes, model.class_count, "classes")


def _check_count(name: str, given: Any, expected: int, what: str) -> None:
    if len(given) != expected:
        raise ValueError(
            f"metadata.{name} has {len(given)} entries, but the network {expected} {what}"
        )
