"""Whether the first row of a text file names the columns."""

import random

import pytest
from _errors import raises

from bpnet.data import CsvSource, read_table


def rows(*columns, n=60, mark=","):
    """Lines of cells, a function of a random generator a column."""
    r = random.Random(1)
    return [mark.join(str(column(r)) for column in columns) for _ in range(n)]


def number(low=0, high=100):
    return lambda r: round(r.uniform(low, high), 2)


def whole(low=0, high=9):
    return lambda r: r.randint(low, high)


def one_of(*words):
    return lambda r: r.choice(words)


DAYS = [f"2020-01-{k:02d},2020-02-{k:02d}" for k in range(1, 29)]
HEADERS = {
    "years": ("2001,2002,2003", rows(number(), number(), number())),
    "years backwards": ("2010,2009", rows(number(0, 5000), number(0, 5000))),
    "years with semicolons": ("2001;2002", rows(number(), number(), mark=";")),
    "years beside a name": ("country,1990,2010", rows(one_of("a", "b"), number(), number())),
    "one year": ("country,2001", rows(one_of("a", "b"), number())),
    "one year alone": ("2001", rows(whole())),
    "numbers of pixels": (",".join(map(str, range(64))), rows(*[whole(0, 16)] * 64)),
    "numbers from one": ("1,2,3,y", rows(number(), number(), number(), one_of("a", "b"))),
    "two numbers": ("0,1", rows(number(0, 1), number(0, 1))),
    "an index and numbers": (",0,1", [f"{k},{k / 7},{k / 9}" for k in range(50)]),
    "wavelengths": (",".join(f"{400 + 2.3 * k:.1f}" for k in range(9)), rows(*[number(0, 1)] * 9)),
    "doses": ("0.1,0.5,1,5,10", rows(*[number()] * 5)),
    "doses beside a name": ("id,0.1,0.5,1", rows(one_of("a", "b"), number(), number(), number())),
    "words above words": ("q1,q2", rows(one_of("yes", "no"), one_of("agree", "disagree"))),
    "answers named like their question": ("Python,C", rows(one_of("Python", ""), one_of("C", ""))),
    "one name that is a value": (
        "name,city,other",
        rows(one_of("a", "b"), one_of("x", "y"), one_of("other", "none")),
    ),
    "labels": ("text,label", rows(one_of("spam it", "ham it"), one_of("spam", "ham"))),
    "one column of numbers": ("x", ["1", "2", "3"]),
    "one column of words": ("pet", ["cat", "dog", "cat"]),
    "numbers and words": ("age,sex", rows(whole(20, 60), one_of("m", "f"))),
    "an odd cell": ("age,sex", ["n.a.,m", *rows(whole(20, 60), one_of("m", "f"))]),
    "dates": ("first,last", DAYS),
    "months": ("id,2020-01,2020-02", rows(whole(), number(), number())),
    "a header that comes again": ("a,b", [*rows(one_of("v", "h"), one_of("v", "h")), "a,b", "v,h"]),
    "names with digits": ("V1,V2", rows(one_of("a1", "b2"), one_of("c1", "d3"))),
    "a symbol like a missing value": ("NA,K", rows(number(), number())),
    "money": ("price", ["$5", "$7", "$9"]),
    "one row": ("a,b", ["x,y"]),
    "no value": ("a,b", [",", ","]),
}
DATA = {
    "mostly words": rows(whole(20, 60), one_of("Gov", "Private"), one_of("m", "f"), n=151),
    "words": rows(one_of("vhigh", "high"), one_of("2", "3", "5more"), one_of("acc", "unacc")),
    "numbers and a constant": rows(number(4, 7), number(2, 4), one_of("setosa")),
    "numbers": rows(whole(1, 3), number(11, 14), number(1, 3), number(10, 20)),
    "zeros and ones": ["0,0,0", "0,1,1", "1,0,1", "1,1,0"],
    "rows that count": ["1,2,3", "4,5,6", "7,8,9"],
    "two rows": ["1,2", "3,4"],
    "one column": ["3", "1", "2"],
    "dates": DAYS,
    "times": [f"12:{k:02d},{k % 3}" for k in range(30)],
    "years": [str(1950 + k) for k in range(50)],
    "years and values": [f"{1950 + k},{k * 37 % 11}" for k in range(50)],
    "a missing value": ["?,3.5,setosa", *rows(number(), number(), one_of("setosa", "other"))],
    "an odd cell": ["n.a.,3,4,a", *rows(number(), number(), number(), one_of("a", "b"))],
    "booleans": rows(one_of("TRUE", "FALSE"), one_of("TRUE", "FALSE")),
    "decimal commas": rows(
        lambda r: f"{r.randint(0, 9)},{r.randint(0, 9)}", lambda r: f"{r.randint(0, 9)},5", mark=";"
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_names_are_never_suspected(csv, name):
    header, lines = HEADERS[name]
    mark = ";" if ";" in header else ","
    table = read_table(csv("\n".join([header, *lines])))
    assert list(table) == header.split(mark)
    assert table.n_rows == len(lines)


@pytest.mark.parametrize("name", DATA)
def test_data_is_refused_and_read_on_demand(csv, name):
    path = csv("\n".join(DATA[name]) + "\n")
    with raises("table.csv: line 1 looks like a row of data", "--no-header", "--header"):
        read_table(path)
    width = len(DATA[name][0].split(";" if name == "decimal commas" else ","))
    table = read_table(path, header=False)
    assert list(table) == [f"c{k}" for k in range(1, width + 1)]
    assert table.n_rows == len(DATA[name])
    assert table.place(0) == "line 1"
    assert table.notes[0].startswith("without a header: ")


def test_why_the_first_row_is_data_is_told(csv):
    lines = ["5.1,setosa,2020-01-01", "4.2,other,2020-01-02", "4.9,setosa,2020-01-03"]
    with raises(
        "'5.1' is a number as below, and 'setosa' occurs again below, and '2020-01-01' has"
    ):
        read_table(csv("\n".join(lines)))


def test_the_user_has_the_last_word(csv):
    path = csv("\n1,2\n3,4\n")
    assert {name: column.tolist() for name, column in read_table(path, header=True).items()} == {
        "1": [3], "2": [4],
    }  # fmt: skip
    assert read_table(path, header=False)["c2"].tolist() == [2, 4]
    with raises(
        "table.csv: columns 1 and 2 are both called 'a'; give each a name of its own in line 1, "
        "or, if that is a row of data: header=False in Python or --no-header"
    ):
        read_table(csv("a,a\n1,2\n"))
    assert read_table(csv("a,a\n1,2\n"), header=False)["c2"].tolist() == ["a", "2"]


def test_a_source_reads_the_first_row_alike(csv):
    path = csv("\n".join(f"{k},{k % 3}" for k in range(1, 201)))
    with raises("table.csv: line 1 looks like a row of data"):
        CsvSource(path, "c2")
    with CsvSource(path, "c2", header=False) as source:
        assert len(source) == 200
        assert source.read(0, 2)[0].tolist() == [[1], [2]]
        assert source.read(126, 200)[1].tolist() == [k % 3 for k in range(127, 201)]
