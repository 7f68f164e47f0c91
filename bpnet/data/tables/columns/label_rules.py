"""Which labels of a column become features, and when none do."""

from __future__ import annotations

from collections.abc import Mapping

from ...._lib.wording import count, shown
from .decision import Decision
from .finding import Categories, Finding, Seen, left_out, option

__all__ = ["find_category", "pooled"]

_MOST = 64  # labels with a feature of their own
_FEW = 20  # labels that are all kept, however rare
_FEWEST_ROWS = 3  # of a label, where there are more
_WIDE = 50  # features, which are told
_WORDS_OF_SENTENCE = 5


def pooled(counts: Mapping[str | None, int]) -> Categories:
    """The labels with a feature of their own, by how many training rows have each."""
    labels = [label for label in counts if label is not None]
    missing = (None,) if None in counts else ()
    if len(labels) > _FEW:
        frequent = sorted(labels, key=lambda label: (-counts[label], label))[:_MOST]
        kept = [label for label in frequent if counts[label] >= _FEWEST_ROWS] or frequent
    else:
        kept = labels
    return Categories((*sorted(kept), *missing), other=len(kept) < len(labels))


def find_category(
    seen: Seen, why: str = "", change: str = "", told: str = "", forced: bool = False
) -> Finding:
    """See which labels a column has, or why it is left out.

    Parameters
    ----------
    seen : Seen
    why, change, told : str, optional
        Why it is taken for labels where it looks like something else, how to change that, and the
        rest of a note that says so.
    forced : bool, optional
        Whether the user wants labels, however many there are.
    """
    name, counts = seen.name, seen.labels.counts(seen.rows)
    texts = [text for text in counts if text is not None]
    if not texts:
        return left_out(name, "it has no value in the training rows",
                        "they have no value in the training rows")  # fmt: skip
    if len(counts) == 1:
        return left_out(name, f"it is constant (={shown(texts[0])}) in the training rows",
                        "they are constant in the training rows")  # fmt: skip
    refused = None if forced else _refused(seen)
    if refused is not None:
        return refused
    categories = pooled(counts)
    width = len(categories.labels) + categories.other
    shared = "look like numbers, but are taken for labels; if they are numbers, use --numeric"
    if not told:
        shared = "have many labels, most of which have an input each; --drop leaves columns out"
    if categories.other:
        told += ("; it " if told else "") + (
            f"has {len(texts)} different labels: the {len(categories.labels)} most frequent have "
            f"an input each, all others share one ({option('drop', name)} leaves the column out)"
        )
    elif width > _WIDE:
        told += ("; it " if told else "") + (
            f"becomes {width} inputs, one for each label ({option('drop', name)} leaves it out)"
        )
    why = why or count(len(texts), "different text")
    why += f", {len(categories.labels)} of them kept apart" if categories.other else ""
    decision = Decision(name, "category", why, change or option("drop", name), bool(told))
    return Finding(decision, categories, (), told, shared)


def _refused(seen: Seen) -> Finding | None:
    """The finding of a column whose texts tell rows apart, or sentences; else None."""
    name, counts = seen.name, seen.counts
    n_texts, n_rows = len(counts), sum(counts.values())
    change = option("categorical", name)
    if 1 < n_texts == n_rows:
        return left_out(name, f"its {n_texts} texts all differ, like identifiers",
                        "their texts all differ, like identifiers", change)  # fmt: skip
    if n_texts > _FEW and n_texts > n_rows / 5:
        words = sum(len(text.split()) for text in counts) / n_texts
        if words >= _WORDS_OF_SENTENCE:
            return left_out(name, f"its {n_texts} texts are sentences, {words:.0f} words long",
                            "their texts are sentences", change)  # fmt: skip
    if n_texts > _FEW and n_texts > n_rows / 2:
        return left_out(name, f"{n_texts} of its {n_rows} texts differ, like identifiers",
                        "most of their texts differ, like identifiers", change)  # fmt: skip
    return None
