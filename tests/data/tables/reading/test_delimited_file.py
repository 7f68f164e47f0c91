"""Tables as spreadsheets export them: titles above, nothing beside, remarks below."""

import pytest
from _errors import raises

from bpnet.data import CsvSource, read_table, read_table_parts
from bpnet.data.tables.reading.options import ReadOptions
from bpnet.data.tables.reading.raw_cells import raw_rows

TITLE = "'Sales 2024' in line 1 is taken for a title, line {} for the names of the columns"


def _cells(table):
    return {
        name: ["" if cell is None or cell != cell else cell for cell in column.tolist()]
        for name, column in table.items()
    }


def columns(path, **options):
    """What is read, whole, in parts and as it is spelled."""
    table = read_table(path, **options)
    parts = list(read_table_parts(path, **options))
    assert [part.notes for part in parts] == [table.notes] * len(parts)
    assert [part.place(0) for part in parts] == [table.place(0)]
    found = _cells(table)
    assert _cells(parts[0]) == found
    spelled = [list(row) for row in raw_rows(path, list(found), ReadOptions(**options))]
    assert spelled == [[str(cell) for cell in row] for row in zip(*found.values(), strict=True)]
    return found, table.place(0), table.notes


class TestTitle:
    @pytest.mark.parametrize(
        ("above", "line"),
        [
            ("Sales 2024", 2),
            ("Sales 2024,,", 2),
            ("Sales 2024\n\n", 4),
            ("Sales 2024,,\nmade on 1 May,,\n,,\n\n,,", 6),
            ('"Sales 2024"\n# all shops', 3),
            (",,\nSales 2024,,", 3),
        ],
    )
    def test_lines_above_the_names_are_skipped(self, csv, above, line):
        path = csv(f"{above}\na,b,c\n1,2,x\n3,4,y\n")
        found, place, (note,) = columns(path)
        assert found == {"a": [1, 3], "b": [2, 4], "c": ["x", "y"]}
        assert place == f"line {line + 1}"
        assert TITLE.format(line)[:12] in note
        assert f"is taken for a title, line {line} for the names of the columns" in note

    def test_rows_of_nothing_above_the_names(self, csv):
        found, place, notes = columns(csv(",,\na,b,\n1,2,\n"))
        assert (found, place, notes) == ({"a": [1], "b": [2], "": [""]}, "line 3", ())

    def test_the_user_may_say_that_it_is_none(self, csv):
        path = csv("Sales 2024,\na,b\n1,2\n")
        found, place, notes = columns(path, header=True)
        assert (found, place) == ({"Sales 2024": ["a", "1"], "": ["b", "2"]}, "line 2")
        assert not notes
        assert columns(path, header=False)[0]["c1"] == ["Sales 2024", "a", "1"]

    @pytest.mark.parametrize(
        "content", ["name\nBob\nAnn\n", "t\n1;5\n2;5\n", "a,\n1,2\n", "2001,\na,b\n1,2\n"]
    )
    def test_names_are_no_title(self, csv, content):
        table = read_table(csv(content), delimiter=",")
        assert next(iter(table)) == content.split("\n")[0].rstrip(",")

    @pytest.mark.parametrize("content", ["t\n1,5\n2,5\n", "name\nBob\nSmith, J\n", "a\nb,c\n"])
    def test_what_may_be_one_column_is_no_title(self, csv, content):
        with raises("expected 1"):
            read_table(csv(content))

    def test_a_source_refuses_it(self, csv):
        with raises(TITLE.format(2), "but a source begins with the names", "delete lines above"):
            CsvSource(csv("Sales 2024,\na,b\n1,2\n"), "b")


class TestColumnsWithoutNames:
    def test_several_are_left_out(self, csv):
        found, _, notes = columns(csv("a,,b,,\n1,,2,,\n3,x,4,,\n"))
        assert found == {"a": [1, 3], "b": [2, 4]}
        assert notes == ("columns 2, 4 and 5 have no name, and are left out",)

    def test_many(self, csv):
        (note,) = read_table(csv(f"a{',' * 300}\n1{',' * 300}\n")).notes
        assert note == (
            "columns 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 290 more have no name, and are left out"
        )

    def test_a_source_refuses_them(self, csv):
        with raises("columns 2 and 3 have no name", "give each column a name"):
            CsvSource(csv("a,,,b\n1,,,2\n"), "b")


def test_delimiters_at_the_end_of_rows_divide_nothing(csv):
    assert columns(csv("a,b\n1,2,\n3,4, ,\n5,6\n"))[0] == {"a": [1, 3, 5], "b": [2, 4, 6]}
    with raises("line 3: 4 fields, expected 2"):
        read_table(csv("a,b\n1,2,\n3,4,,5\n"))
    with raises("line 2: 1 field, expected 2"):
        read_table(csv("a,b\n1\n"))


def test_a_remark_below_the_table_is_called_one(csv):
    with raises("line 4: 1 field, expected 2; if 'Source: a ministry' is a remark", "delete it"):
        read_table(csv("a,b\n1,2\n\nSource: a ministry\n"))
    with raises("line 3: 3 fields, expected 2"):
        read_table(csv("a,b\n1,2\n1,2,3\n"))
