"""Damaged files of settings, in TOML."""

import tomli_w
from fuzz.data_files import replaced_word
from fuzz.mutations import mutated_bytes

from bpnet.cli.errors import UsageError
from bpnet.cli.settings import SETTINGS
from bpnet.cli.settings_file import read_settings

_WORDS = (
    "a." * 20_000,
    '"a".' * 20_000,
    "[" * 100_000,
    "[[" + "a." * 40 + "b]]\n",
    "{a=" * 5000,
    "[],[[]],",
    "= 1\n",
    "=",
    '"',
    '"""',
    "'''",
    "\\",
    "\\u0000",
    "\\ud800",
    "#",
    "1" * 5000,
    "1" * 400,
    "-1",
    "1e999",
    "nan",
    "true",
    "1979-05-27T07:32:00Z",
    "99:99:99",
    "'x'",
    "[[a]]\n",
    "\n" * 300_000,
    "x" * 100_000,
    "seed = 1\n",
    "\ufeff",
    "\0",
)
_VALUES = {int: 3, float: 0.5, bool: True, str: "relu"}


class SettingsFiles:
    """Settings, all and few of them."""

    name, suffix = "toml", ".toml"
    errors = (UsageError,)

    def good(self):
        full = {
            name: [_VALUES.get(one.kind, "a/b.csv")]
            if one.many
            else _VALUES.get(one.kind, "a/b.csv")
            for name, one in SETTINGS.items()
        }
        few = 'epochs = 3 # some\ndata = "a.csv"\ntext = ["a.b", \'c"d\']\nlearning_rate = 1\n'
        return [tomli_w.dumps(full).encode(), few.encode(), few.replace("\n", "\r\n").encode()]

    def mutated(self, content, others, random):
        if random.random() < 0.4:
            return mutated_bytes(content, others, random)
        text = content.decode()
        for _ in range(random.choice((1, 1, 2, 4))):
            if random.random() < 0.5:
                text = replaced_word(text, _WORDS, random)
            else:  # another value
                lines = text.split("\n")
                at = random.randrange(len(lines))
                lines[at] = f"{lines[at].partition('=')[0]}= {random.choice(_WORDS)}"
                text = "\n".join(lines)
        return text.encode()

    def use(self, path):
        for name, value in read_settings(path).items():
            for one in value if SETTINGS[name].many else [value]:
                assert isinstance(one, SETTINGS[name].kind)
