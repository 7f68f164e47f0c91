"""Files of named arrays and a JSON header, taken apart, changed and put together again."""

import json

import numpy as np
from fuzz.mutations import encoded, mutated_value
from safetensors.numpy import load, save

_TYPES = ("float16", "float32", "float64", "int8", "uint8", "int32", "int64", "uint64", "bool")


def canonical(content):
    """The same file with the keys of its header in order: safetensors writes texts in any."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True).encode()
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def decoded(content, key):
    """Arrays and header of a file; ``key`` is that of the header among the file's texts."""
    length = int.from_bytes(content[:8], "little")
    texts = json.loads(content[8 : 8 + length])["__metadata__"]
    return dict(sorted(load(content).items())), json.loads(texts[key])


def mutated_file(parts, key, random, sign=None):
    """A file whose header, or one of whose arrays, is changed.

    Parameters
    ----------
    parts : (dict of str to numpy.ndarray, JSON value)
    key : str
    random : random.Random
    sign : callable, optional
        Given arrays and the header's text: further texts of the file, such as a digest.
    """
    arrays, header = parts
    what = random.random()
    if what < 0.7:
        header = mutated_value(header, random)
    if what > 0.6:
        arrays = mutated_arrays(arrays, random)
    text = encoded(header)
    texts = {key: text, **(sign(arrays, text) if sign else {})}
    ascii_only = {k: t.encode(errors="replace").decode() for k, t in texts.items()}
    return canonical(save({k: np.ascontiguousarray(a) for k, a in arrays.items()}, ascii_only))


def mutated_arrays(arrays, random):
    """Named arrays with one to three changes: of types, shapes, names or values."""
    arrays = dict(arrays)
    for _ in range(random.choice((1, 1, 2, 3))):
        if not arrays:
            break
        name = random.choice(list(arrays))
        array, kind = arrays[name], random.randrange(9)
        if kind < 2:
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(random.choice(_TYPES))
        elif kind == 2:
            bad = random.choice((np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0, 3.5))
            if array.size and array.dtype.kind == "f":
                arrays[name] = array.copy()
                arrays[name].flat[random.randrange(array.size)] = bad
        elif kind == 3:
            shapes = (array[None], array.reshape(-1), array.T, array[:0], array.reshape(-1)[:-1])
            arrays[name] = random.choice(shapes)
        elif kind == 4:
            arrays[name] = np.concatenate([array.reshape(-1)] * random.choice((2, 3)))
        elif kind == 5:
            del arrays[name]
        elif kind == 6:
            arrays[random.choice(("extra", "", name + ".0", "theta"))] = arrays.pop(name)
        elif kind == 7:
            arrays["extra"] = array
        else:
            other = random.choice(list(arrays))
            arrays[name], arrays[other] = arrays[other], arrays[name]
    return arrays
