"""The executable part of a body: held against schemas, typed, and resolved."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evalkit.errors import SpecError
from evalkit.spec.markdown import split_sections
from evalkit.spec.schema import Column, Table, TableSchema
from evalkit.spec.tables import PROSE, read_tables

STOCK = TableSchema(
    "Stock",
    "table",
    (Column("item"), Column("count", int), Column("shelf", optional=True)),
)
RULES = TableSchema("Rules", "settings", (Column("mode"), Column("limit", int, optional=True)))
NAMES = TableSchema("Names", "list")

STOCK_TEXT = "# Stock\n| item | count | shelf |\n|---|---|---|\n| tape | 3 | - |\n| lint | 4 | top |\n"


def read(body: str, *schemas: TableSchema) -> tuple[dict[str, Table], dict[str, str]]:
    return read_tables(split_sections(body, first=1, path="a.md"), schemas, path="a.md")


def refused(body: str, *schemas: TableSchema) -> SpecError:
    with pytest.raises(SpecError) as caught:
        read(body, *schemas)
    return caught.value


def optional(schema: TableSchema) -> TableSchema:
    return TableSchema(schema.heading, schema.kind, schema.columns, schema.key, required=False)


# -------------------------------------------------------------------------------------------------------- reading


def test_a_table_is_typed_by_its_columns() -> None:
    table = read(STOCK_TEXT, STOCK)[0]["Stock"]
    assert [dict(row.cells) for row in table.rows] == [
        {"item": "tape", "count": 3, "shelf": None},
        {"item": "lint", "count": 4, "shelf": "top"},
    ]


def test_a_table_and_its_rows_know_their_lines() -> None:
    table = read("# Purpose\nwords\n\n" + STOCK_TEXT, STOCK)[0]["Stock"]
    assert table.line == 5
    assert [row.line for row in table.rows] == [7, 8]


def test_columns_are_those_of_the_file_in_its_order() -> None:
    table = read("# Stock\n| shelf | count | item |\n|---|---|---|\n| top | 3 | tape |\n", STOCK)[0]["Stock"]
    assert table.columns == ("shelf", "count", "item")
    assert table.rows[0].cells == {"shelf": "top", "count": 3, "item": "tape"}


@pytest.mark.parametrize(
    ("key", "row_id"),
    [((), "Stock/tape"), (("count",), "Stock/3"), (("count", "item"), "Stock/3+tape"), (("shelf",), "Stock/-")],
)
def test_a_row_is_called_by_the_words_of_its_key(key: tuple[str, ...], row_id: str) -> None:
    schema = TableSchema("Stock", "table", STOCK.columns, key)
    assert read(STOCK_TEXT, schema)[0]["Stock"].rows[0].row_id == row_id


def test_the_first_column_of_the_schema_is_the_key_wherever_it_stands() -> None:
    table = read("# Stock\n| shelf | count | item |\n|---|---|---|\n| top | 3 | tape |\n", STOCK)[0]["Stock"]
    assert table.rows[0].row_id == "Stock/tape"


def test_settings_become_keys_and_typed_values() -> None:
    table = read("# Rules\nmode: all\nlimit: 9\n", RULES)[0]["Rules"]
    assert table.columns == ("key", "value")
    assert (table.setting("mode"), table.setting("limit")) == ("all", 9)


def test_an_optional_setting_may_be_left_out_or_be_a_dash() -> None:
    assert [row.row_id for row in read("# Rules\nmode: all\n", RULES)[0]["Rules"].rows] == ["Rules/mode"]
    assert read("# Rules\nmode: all\nlimit: -\n", RULES)[0]["Rules"].setting("limit") is None


def test_a_list_without_a_column_holds_text() -> None:
    table = read("# Names\n- one, two\n- three\n", NAMES)[0]["Names"]
    assert (table.columns, table.column("item")) == (("item",), ("one", "two", "three"))


def test_a_list_is_read_by_its_first_column() -> None:
    schema = TableSchema("Names", "list", (Column("number", int),))
    assert read("# Names\n- 1, 2\n", schema)[0]["Names"].column("item") == (1, 2)


@pytest.mark.parametrize("heading", PROSE)
def test_prose_is_kept_as_it_stands_and_never_typed(heading: str) -> None:
    tables, prose = read(f"# {heading}\nSome *words*.\n\n- a, a\n")
    assert tables == {}
    assert prose == {heading: "Some *words*.\n\n- a, a"}


def test_a_family_may_execute_what_is_prose_elsewhere() -> None:
    tables, prose = read("# Notes\n- one\n", TableSchema("Notes", "list"))
    assert tables["Notes"].column("item") == ("one",)
    assert prose == {}


def test_an_empty_body_is_fine_where_nothing_is_required() -> None:
    assert read("", optional(STOCK)) == ({}, {})


def test_tables_stand_in_the_order_of_the_file() -> None:
    tables, _ = read("# Names\n- one\n\n# Rules\nmode: all\n\n" + STOCK_TEXT, STOCK, RULES, NAMES)
    assert list(tables) == ["Names", "Rules", "Stock"]


# ------------------------------------------------------------------------------------------------------- mistakes

HEAD = "# Stock\n| item | count | shelf |\n|---|---|---|\n"
MISTAKES = [
    # (body, schemas, line, words, next step)
    ("# Stocks\n", (optional(STOCK),), 1, "heading 'Stocks' is not known", "did you mean 'Stock'?"),
    ("# Zzz\n", (optional(STOCK),), 1, "not known", "known: Stock, Purpose, Examples, Change log, Notes"),
    ("", (STOCK,), 1, "the heading 'Stock' is missing", "add '# Stock' with its table"),
    ("# Notes\na\n\n# Purpose\nb\n", (NAMES,), 4, "the heading 'Names' is missing", "with its list"),
    (HEAD, (STOCK,), 2, "the table under 'Stock' has no rows", "add a row"),
    ("# Stock\n| item | count |\n|---|---|\n| a | 1 |\n", (STOCK,), 2, "lacks the column 'shelf'", "table's head"),
    ("# Stock\n| item | cuont |\n|---|---|\n| a | 1 |\n", (STOCK,), 2, "no column 'cuont'", "did you mean 'count'?"),
    ("# Stock\n| zzz |\n|---|\n| a |\n", (STOCK,), 2, "no column 'zzz'", "its columns: item, count, shelf"),
    ("# Stock\n| item | item |\n|---|---|\n| a | 1 |\n", (STOCK,), 2, "'item' stands here twice", "keep one"),
    (HEAD + "| a | 1 | - |\n| b | | - |\n", (STOCK,), 5, "an empty cell in 'count'", "write '-'"),
    (HEAD + "| a | - | - |\n", (STOCK,), 4, "'count' cannot be '-'", "write a value"),
    (HEAD + "| a | 1 | - |\n| a | 2 | - |\n", (STOCK,), 5, "'Stock/a' stands here again (first at line 4)", "keep one"),
    ("# Names\n- one\n- two, one\n", (NAMES,), 3, "'Names/one' stands here again (first at line 2)", "keep one"),
    ("# Rules\nmode: a\nmode: b\n", (RULES,), 3, "'Rules/mode' stands here again (first at line 2)", "keep one"),
    ("# Rules\nlimit: 3\n", (RULES,), 1, "lacks the setting 'mode'", "add a line 'mode: ...'"),
    ("# Rules\nmode: a\nlimitt: 3\n", (RULES,), 3, "no setting 'limitt'", "did you mean 'limit'?"),
    ("# Rules\nmode: a\nzzz: 3\n", (RULES,), 3, "no setting 'zzz'", "its settings: mode, limit"),
]


@pytest.mark.parametrize(("body", "schemas", "line", "words", "step"), MISTAKES, ids=[m[3][:40] for m in MISTAKES])
def test_a_mistake_has_its_line_and_its_next_step(
    body: str, schemas: Sequence[TableSchema], line: int, words: str, step: str
) -> None:
    error = refused(body, *schemas)
    assert error.where == f"a.md:{line}"
    assert words in error.what
    assert step in (error.next_step or "")


def test_a_reason_of_the_family_is_passed_on_with_the_column() -> None:
    def parse(_: str) -> int:
        raise ValueError("only even counts")

    schema = TableSchema("Stock", "table", (Column("item"), Column("count", parse), Column("shelf", optional=True)))
    error = refused(STOCK_TEXT, schema)
    assert (error.what, error.where) == ("'count': only even counts", "a.md:4")
    assert error.__cause__ is None


# ----------------------------------------------------------------------------------------------------- references


def orders(column: Column) -> TableSchema:
    return TableSchema("Orders", "table", (Column("order"), column))


def ordered(cell: str) -> str:
    return f"{STOCK_TEXT}\n# Orders\n| order | what |\n|---|---|\n| first | {cell} |\n"


def split(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("; "))


def after_colon(cell: str) -> tuple[str, ...]:
    return (cell.partition(":")[2],)


SINGLE = Column("what", refers_to="Stock.item")
MANY = Column("what", split, refers_to="Stock.item")
COMPOUND = Column("what", refers_to="Stock.item", mentions=after_colon)
DASHED = Column("what", optional=True, refers_to="Stock.item")
TYPED = Column("what", int, refers_to="Stock.count")


@pytest.mark.parametrize(
    ("column", "cell"),
    [(SINGLE, "tape"), (MANY, "tape; lint"), (COMPOUND, "extra:lint"), (DASHED, "-"), (TYPED, "03")],
)
def test_a_cell_may_mention_what_stands_there(column: Column, cell: str) -> None:
    assert len(read(ordered(cell), STOCK, orders(column))[0]["Orders"].rows) == 1


@pytest.mark.parametrize(
    ("column", "cell"),
    [(SINGLE, "glue"), (SINGLE, "Tape"), (MANY, "tape; glue"), (COMPOUND, "extra:glue"), (TYPED, "5")],
)
def test_a_cell_that_mentions_what_is_not_there_is_refused(column: Column, cell: str) -> None:
    error = refused(ordered(cell), STOCK, orders(column))
    assert "mentions what does not stand under 'Stock'" in error.what
    assert error.where == "a.md:10"


def test_a_reference_into_a_table_that_is_left_out_is_refused() -> None:
    body = "# Orders\n| order | what |\n|---|---|\n| first | tape |\n"
    assert "does not stand under 'Stock'" in refused(body, optional(STOCK), orders(SINGLE)).what


def test_a_setting_resolves_its_own_value_only() -> None:
    schema = TableSchema("Rules", "settings", (Column("mode"), Column("best", refers_to="Stock.item")))
    assert read(f"{STOCK_TEXT}\n# Rules\nmode: nothing\nbest: tape\n", STOCK, schema)[0]["Rules"].rows
    assert refused(f"{STOCK_TEXT}\n# Rules\nmode: tape\nbest: glue\n", STOCK, schema).where == "a.md:9"


def test_a_table_may_be_mentioned_before_it_stands() -> None:
    schema = TableSchema("Names", "list", (Column("item", refers_to="Stock.item"),))
    assert read(f"# Names\n- tape\n\n{STOCK_TEXT}", STOCK, schema)[0]["Names"].column("item") == ("tape",)
