"""Changes to files: of bytes, and of the JSON values in them. All are functions of a generator."""

import copy
import json

# Lengths, counts and offsets of binary formats are of these widths.
_WIDTHS = (1, 2, 4, 8)
_NUMBERS = (0, 1, 2, -1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
_DEPTH = 100_000  # of the lists that `encoded` writes for "DEEP", as no encoder would

_ODD_VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    7,
    0.5,
    -0.5,
    1e-320,
    1e308,
    float("nan"),
    float("inf"),
    -float("inf"),
    2**31,
    2**53 + 1,
    2**63,
    -(2**63),
    10**400,
    "",
    "a",
    "\x00",
    "\ud800",
    "x" * 100_000,
    "../../etc/passwd",
    "__class__",
    "1",
    [],
    {},
    [[]],
    [1],
    {"": ""},
    {"array": "state.theta"},
    {"tuple": []},
    {"name": "softmax"},
    {"name": ["sigmoid"]},
    [0] * 50_000,
    {"deep": "DEEP"},
    ["DEEP"],
    "DEEP",
)


def mutated_bytes(content, others, random):
    """Bytes with one to four changes.

    Parameters
    ----------
    content : bytes
    others : sequence of bytes
        Files of which parts may be spliced in.
    random : random.Random
    """
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        _change(changed, others, random)
    return bytes(changed)


def _change(changed, others, random):
    kind = random.randrange(9)
    # Headers are what matters most, and most of them are at the begin or at the end.
    end = random.choice((16, 128, 1024, len(changed)))
    at = random.randrange(max(1, min(end, len(changed))))
    if random.random() < 0.2:
        at = max(0, len(changed) - 1 - at)
    length = random.choice((1, 2, 4, 8, 64, random.randrange(1 + len(changed))))
    if kind == 0 and changed:
        changed[at] ^= 1 << random.randrange(8)
    elif kind == 1 and changed:
        changed[at] = random.randrange(256)
    elif kind == 2:
        width, order = random.choice(_WIDTHS), random.choice(("little", "big"))
        number = random.choice(_NUMBERS) % 2 ** (8 * width)
        changed[at : at + width] = number.to_bytes(width, order)
    elif kind == 3:
        del changed[at:]
    elif kind == 4:
        del changed[at : at + length]
    elif kind == 5:
        changed[at:at] = changed[at : at + length] * random.choice((1, 2, 100))
    elif kind == 6:
        changed[at:at] = random.randbytes(min(length, 4096))
    elif kind == 7:
        other = random.choice(others)
        start = random.randrange(1 + len(other))
        changed[at : at + length] = other[start : start + length]
    else:
        changed[at : at + length] = bytes([random.choice((0, 0xFF, 0x20))]) * length


def mutated_value(value, random):
    """A JSON value with one to three changes: of types, ranges, keys, items or depth.

    Parameters
    ----------
    value : JSON value
    random : random.Random
    """
    value = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        value = _changed_somewhere(value, random)
    return value


def _changed_somewhere(value, random):
    """The value with a change at a place that is as likely near the root as at a leaf."""
    if isinstance(value, dict | list) and value and random.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = random.choice(keys)
        value[key] = _changed_somewhere(value[key], random)
        return value
    if isinstance(value, dict) and random.random() < 0.7:
        return _changed_keys(value, random)
    if isinstance(value, list) and random.random() < 0.7:
        return _changed_items(value, random)
    if isinstance(value, int | float) and not isinstance(value, bool) and random.random() < 0.5:
        near = (value + 1, value - 1, -value, str(value), [value], bool(value), 0.5)
        return random.choice(near)
    if isinstance(value, str) and random.random() < 0.3:
        return random.choice((value + "x", value[:-1], value.upper(), [value], {value: value}))
    return copy.deepcopy(random.choice(_ODD_VALUES))


def _changed_keys(value, random):
    key = random.choice(list(value)) if value else "a"
    kind = random.randrange(5)
    if kind == 0 or not value:
        value["extra"] = copy.deepcopy(random.choice(_ODD_VALUES))
    elif kind == 1:
        del value[key]
    elif kind == 2:
        value[random.choice(("a", "", "0", "-1", "99", key + "x"))] = value.pop(key)
    elif kind == 3:
        other = random.choice(list(value))
        value[key], value[other] = value[other], value[key]
    else:
        value[key] = copy.deepcopy(value)
    return value


def _changed_items(value, random):
    kind = random.randrange(5)
    if kind == 0 or not value:
        value.insert(random.randrange(1 + len(value)), copy.deepcopy(random.choice(_ODD_VALUES)))
    elif kind == 1:
        del value[random.randrange(len(value))]
    elif kind == 2:
        random.shuffle(value)
    elif kind == 3:
        value.append(copy.deepcopy(random.choice(value)))
    else:
        value.append(copy.deepcopy(value))
    return value


def encoded(value):
    """JSON text of a value that `mutated_value` gave."""
    text = json.dumps(value)
    return text.replace('"DEEP"', "[" * _DEPTH + "]" * _DEPTH)
