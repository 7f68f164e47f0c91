import numpy as np
import pytest
from _errors import raises

from bpnet.data.tables.table import Table


class TestPlaces:
    def test_rows_are_counted_from_one(self):
        assert Table({"a": np.arange(3)}).place(2) == "row 3"
        assert Table({"a": np.arange(3)}, first_row=100).place(2) == "row 102"

    def test_lines_of_a_text_file(self):
        assert Table({"a": np.arange(3)}, first_line=2).place(0) == "line 2"
        assert Table({"a": np.arange(3)}, lines=np.array([2, 4, 9])).place(2) == "line 9"

    @pytest.mark.parametrize(
        ("places", "words"),
        [
            ({}, ["row 2", "row 4"]),
            ({"first_line": 2}, ["line 3", "line 5"]),
            ({"lines": np.array([2, 4, 9, 12])}, ["line 4", "line 12"]),
        ],
    )
    @pytest.mark.parametrize("rows", [[1, 3], np.array([False, True, False, True])])
    def test_some_rows_keep_their_places(self, places, words, rows):
        table = Table({"a": np.arange(4)}, notes=["note"], left_out={"b": "holds lists"}, **places)
        taken = table.take(rows)
        assert taken["a"].tolist() == [1, 3]
        assert [taken.place(0), taken.place(1)] == words
        assert taken.take([1]).place(0) == words[1]
        assert table.part(1, 4).take([0, 2]).place(1) == words[1]
        assert taken.notes == table.notes == ("note", "column 'b' holds lists, and is left out")


class TestFind:
    def test_blanks_around_a_name_do_not_matter(self):
        table = Table({"a": np.arange(2), "b c": np.arange(2), " d": np.arange(2)})
        assert [table.find(name) for name in ("a", " a ", "b c", "\tb c", "d", " d")] == [
            "a", "a", "b c", "b c", " d", " d",
        ]  # fmt: skip

    def test_what_is_not_there(self):
        table = Table({"age": np.arange(2)}, left_out={"tags": "holds lists"})
        with raises("no column 'aeg', did you mean 'age'?"):
            table.find("aeg")
        with raises("column 'tags' holds lists"):
            table.find("tags")
